/** What this process holds in memory, and how much it can have: what work takes is held against it before it begins. */
package org.lacuna.run.memory;
