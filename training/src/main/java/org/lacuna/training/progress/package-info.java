/** What a training run shows while it goes: a line every so many steps, or a bar on a terminal. */
package org.lacuna.training.progress;
