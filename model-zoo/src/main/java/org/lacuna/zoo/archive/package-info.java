/**
 * A folder as one zip: the same bytes for the same files, and nothing written by one that is not as it should be.
 */
package org.lacuna.zoo.archive;
