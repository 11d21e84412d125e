/** What of the zoo needs the trainer. */
package org.lacuna.cli.zoo;
