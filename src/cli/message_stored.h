/* A message in a mailbox of the running server, for `postrider message show`. */
#ifndef CLI_MESSAGE_STORED_H
#define CLI_MESSAGE_STORED_H

#include "cli/cli.h"

/* The words are "show", ADDRESS, MAILBOX and perhaps a UID; without one the newest message is shown. */
int message_stored_show(struct cli *cli);

#endif
