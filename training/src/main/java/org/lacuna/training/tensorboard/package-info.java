/** A run's figures as TensorBoard reads them. */
package org.lacuna.training.tensorboard;
