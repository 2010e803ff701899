/*
 * The certificate chains and private keys that the settings name, read together and checked to belong
 * together: before a server starts, before a reload changes anything, and by `postrider config check`.
 * Private keys stay in their files: what is kept is an open descriptor, for the keys role.
 */
#ifndef MASTER_CERTIFICATES_H
#define MASTER_CERTIFICATES_H

#include "config/settings.h"

struct certificate {
	char *chain_name, *key_name;
	struct buf chain; /* the PEM file's text */
	int key;          /* the key's file, open at its beginning */
	uint64_t number;  /* names the key to who has it: MESSAGE_SIGN */
};

struct certificates {
	struct certificate *rows; /* in the order of the settings */
	size_t count;
};

/*
 * Reads all pairs; their numbers are first, first + 1 ... Returns 0, or a negative errno. What is wrong with
 * any of them is told in *found, with the place in the configuration; *out is then untouched. A certificate
 * that has expired or is for other names is a warning.
 */
enum certificates_user {
	CERTIFICATES_SERVES, /* this process serves with them */
	CERTIFICATES_LOOKS   /* it only looks: a file that it may not read, the server perhaps may. Not for
	                        serving. */
};
struct conf;
struct findings;
int certificates_read(struct certificates *out, const struct settings *settings, const struct conf *conf,
    enum certificates_user user, uint64_t first, struct findings *found);
void certificates_done(struct certificates *c);

#endif
