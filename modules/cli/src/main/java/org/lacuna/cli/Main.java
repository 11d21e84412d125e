package org.lacuna.cli;

/** The one {@code lacuna} command. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(2);
    }
}
