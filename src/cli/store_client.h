/* The command line's end of an administrator's socket, store's or the master's: asks, and takes the answer
 * piece by piece. */
#ifndef CLI_STORE_CLIENT_H
#define CLI_STORE_CLIENT_H

#include "config/settings.h"

/* A descriptor, or -1 if no server runs or its socket is not open to us. */
int store_client_connect(const struct settings *settings);
/* Says that there is none. The exit status for it. */
int store_client_no_server(void);

/*
 * Sends the words, and gives each piece of the answer to `take` until the last. Returns the status that the
 * last one brings, or EXIT_TEMPORARY with a message printed when the server goes away before. Closes fd.
 */
int store_client_ask(int fd, const struct view *words, size_t count, bool json,
    void (*take)(struct view text, bool last, void *arg), void *arg);

/* The same of any of the sockets in the folder `run`: -1 with errno; and with an end to the patience in
 * milliseconds, -1: none. */
int admin_client_connect(const struct settings *settings, const char *name);
int admin_client_ask(int fd, const struct view *words, size_t count, bool json, int64_t patience_ms,
    void (*take)(struct view text, bool last, void *arg), void *arg);

#endif
