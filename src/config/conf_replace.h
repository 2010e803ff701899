/* Replacing a file of settings in one step, so that a server that starts meanwhile reads the old text or the
 * new one. */
#ifndef CONFIG_CONF_REPLACE_H
#define CONFIG_CONF_REPLACE_H

#include <sys/stat.h>

#include "base/view.h"

enum {
	CONF_NEW_MODE = 0644
}; /* no setting is a secret: passwords and keys stand in files that settings name */

/*
 * Gives the file this text, durably, with the owner and the mode that it had. `seen` is the file as it was
 * when it was read: 0, or EBUSY when somebody else has changed it since, or another errno; the file is then
 * as it was. With NULL a new file is made, and EEXIST says that there is one. Behind a symbolic link the file
 * itself is replaced.
 */
int conf_replace(const char *path, struct view text, const struct stat *seen);

#endif
