/* The command line's end of store's administrator socket: asks, and takes the answer piece by piece. */
#ifndef CLI_STORE_CLIENT_H
#define CLI_STORE_CLIENT_H

#include "config/settings.h"

/* A descriptor, or -1 if no server runs or its socket is not open to us. */
int store_client_connect(const struct settings *settings);

/*
 * Sends the words, and gives each piece of the answer to `take` until the last. Returns the status that the
 * last one brings, or EXIT_TEMPORARY with a message printed when the server goes away before. Closes fd.
 */
int store_client_ask(int fd, const struct view *words, size_t count, bool json,
    void (*take)(struct view text, bool last, void *arg), void *arg);

#endif
