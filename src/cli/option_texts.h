/* What each option of each command means: a sentence for `--help`. A test compares these with the texts on
 * usage, and with the manual page. */
#ifndef CLI_OPTION_TEXTS_H
#define CLI_OPTION_TEXTS_H

#include "base/buf.h"

/* "--name" as this command understands it; NULL: nobody has explained it. */
const char *option_text(const char *command, struct view option);

/* Appends "options:" and a line for each option that the text on usage names, in its order, each once;
 * nothing when it names none. The result of buf_append. */
int option_texts_write(const char *command, struct view usage, struct buf *out);

#endif
