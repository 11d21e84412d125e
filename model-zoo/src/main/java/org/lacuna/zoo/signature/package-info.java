/**
 * OpenPGP signatures beside files, as {@code gpg --armor --detach-sign} makes and {@code gpg --verify} checks them: who published a model.
 */
package org.lacuna.zoo.signature;
