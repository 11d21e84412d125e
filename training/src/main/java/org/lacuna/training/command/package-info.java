/** The commands {@code train} and {@code bench …}: their flags, what they print, and how they end. */
package org.lacuna.training.command;
