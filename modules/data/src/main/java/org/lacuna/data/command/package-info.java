/** The commands of this module. */
package org.lacuna.data.command;
