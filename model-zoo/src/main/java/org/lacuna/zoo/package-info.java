/** The zoo: how a trained model gets to somebody else, who can trust it. */
package org.lacuna.zoo;
