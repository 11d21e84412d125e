/** {@code lacuna zoo}. */
package org.lacuna.zoo.command;
