/**
 * How a command ends: the exceptions for wrong input, failed runs and interrupted runs, the exit codes
 * that the command line makes of them, and Ctrl-C as a flag that a loop polls.
 */
package org.lacuna.run;
