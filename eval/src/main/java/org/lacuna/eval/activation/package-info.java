/** What a model's feed-forward activations are like without any rule, and which neurons two models have active together. */
package org.lacuna.eval.activation;
