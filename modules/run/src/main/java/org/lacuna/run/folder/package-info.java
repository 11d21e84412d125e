/**
 * What is on disk: files and folders that are there whole or not at all, the folder of a run with its
 * checkpoints and metrics, and references to models that resolve to such folders.
 */
package org.lacuna.run.folder;
