/**
 * Where a result comes from: the build, the Java runtime and the machine that made it, as JSON beside every
 * figure that is kept.
 */
package org.lacuna.run.provenance;
