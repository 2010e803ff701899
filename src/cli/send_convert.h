/* A message that `message send` has, for a server that takes 7 bits only. Apart, because it knows mail and
 * nothing of commands. */
#ifndef CLI_SEND_CONVERT_H
#define CLI_SEND_CONVERT_H

#include "base/buf.h"

/*
 * Converts it (mime/downgrade.h) into *out, which stays empty where nothing has to be changed; buf_done it.
 * NULL, or in words why it cannot be done.
 */
const char *send_convert(struct view message, struct buf *out);

#endif
