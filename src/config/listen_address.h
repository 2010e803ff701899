/* Where a service listens: "192.0.2.1:25" or "[2001:db8::1]:25". Numbers only, so that a start needs no name
 * server. */
#ifndef CONFIG_LISTEN_ADDRESS_H
#define CONFIG_LISTEN_ADDRESS_H

#include <sys/socket.h>

#include "base/view.h"

/* 0, or -EINVAL with *problem naming what is wrong (a constant). */
int listen_address_parse(
    struct view text, struct sockaddr_storage *address, socklen_t *len, const char **problem);

/* Whether two listeners would want the same port: of the same address, or where one of them takes all. */
bool listen_address_clash(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
