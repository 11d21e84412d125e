/** Adapters of low rank beside a model's weights (LoRA): which layers have one, merging them, and PEFT's files. */
package org.lacuna.model.lora;
