/**
 * The one {@code lacuna} command: puts the other modules' commands together, turns what they throw into one
 * line and an exit code, and tells with {@code doctor} what a run would get on this machine.
 */
package org.lacuna.cli;
