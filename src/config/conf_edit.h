/* Changing one setting in the text of a configuration file, around which everything stays as it was. */
#ifndef CONFIG_CONF_EDIT_H
#define CONFIG_CONF_EDIT_H

#include "config/conf.h"

/* The statement that sets it; NULL: none does. */
const struct conf_statement *conf_find(const struct conf *c, struct view name);

/*
 * Appends to *out the text that a file has after the setting was given this value (as it stands in a file),
 * or with an empty one was taken out, so that the default holds. The statement is replaced where it stands. A
 * new one comes behind the line "# NAME = " that `postrider config example` prints, else at the end of the
 * first file. Returns the number of the file, in c->files; *line is where the setting then stands, or stood.
 */
unsigned conf_edit(
    const struct conf *c, struct view name, struct view value, struct buf *out, unsigned *line);

#endif
