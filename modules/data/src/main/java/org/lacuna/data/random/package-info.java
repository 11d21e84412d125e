/** The random numbers of everything here: the same on every JVM, and resumable from a saved state. */
package org.lacuna.data.random;
