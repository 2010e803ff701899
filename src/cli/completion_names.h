/* Names of the directory, for the completion of shells: see completion.h. */
#ifndef CLI_COMPLETION_NAMES_H
#define CLI_COMPLETION_NAMES_H

#include "base/buf.h"
#include "cli/cli.h"

/*
 * Appends the names of all domains, or the addresses of all accounts, that begin with what is typed, a line
 * each, as many as *out takes. Whoever may not ask the server, or has none, gets none: a tab key never
 * complains.
 */
void completion_domains(struct directory_client *client, const char *typed, struct buf *out);
void completion_addresses(struct directory_client *client, const char *typed, struct buf *out);

#endif
