/**
 * The hashes of a folder's files, in the format of {@code sha256sum}: what tells that no byte of a published model changed.
 */
package org.lacuna.zoo.checksum;
