/* An account's credentials, as the commands of administrators read and change them. */
#ifndef CLI_ACCOUNT_RECORD_H
#define CLI_ACCOUNT_RECORD_H

#include "cli/cli.h"
#include "trust/login/credentials.h"

struct account_record {
	struct credentials credentials;
	struct buf before; /* as stored, to be compared when it is written back */
	struct arena arena;
	bool administrator; /* of this server */
	bool disabled;
};

/* 0, or an exit status with the reason said. To be freed in either case. */
int account_record_read(struct directory_client *client, const char *address, struct account_record *r);
void account_record_free(struct account_record *r);

/* What is to be done to the credentials: 0, or an exit status with the reason said. */
typedef int (*account_record_changes)(struct account_record *r, void *arg);

/*
 * Reads, changes, writes; again, when somebody was faster: a login notes its place in the same record.
 * REPLACED: all sessions of the account end, in every protocol. An exit status, with the reason said.
 */
int account_record_change(struct directory_client *client, const char *address,
    enum directory_credentials how, account_record_changes change, void *arg);

#endif
