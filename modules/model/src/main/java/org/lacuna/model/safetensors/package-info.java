/**
 * The safetensors file format, in one file or in shards with an index: a checked reader, which trusts nothing that a file
 * says about itself, and a streaming writer. Model weights and optimizer state are stored in it.
 * Format: https://github.com/huggingface/safetensors.
 */
package org.lacuna.model.safetensors;
