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

/* What an account holds, and how much it may. file_links: those that can be fetched. */
struct account_numbers {
	uint64_t messages, bytes, deleted_bytes, quota, quota_messages, mailboxes, file_links,
	    file_link_bytes;
};
/* 0 or the directory's error. */
int account_numbers_read(struct directory_client *client, const char *address, struct account_numbers *n);

/* What is to be done to the credentials: 0, or an exit status with the reason said. */
typedef int (*account_record_changes)(struct account_record *r, void *arg);

/*
 * Reads, changes, writes; again, when somebody was faster: a login notes its place in the same record.
 * REPLACED: all sessions of the account end, in every protocol. An exit status, with the reason said.
 */
int account_record_change(struct directory_client *client, const char *address,
    enum directory_credentials how, account_record_changes change, void *arg);

#endif
