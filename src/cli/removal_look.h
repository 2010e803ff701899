/* What hangs on an account, a domain or an alias: looked up before it is removed, and shown. */
#ifndef CLI_REMOVAL_LOOK_H
#define CLI_REMOVAL_LOOK_H

#include "cli/cli.h"
#include "format/address_normal.h"

struct removal_look {
	struct address subject; /* in its normal form: an address, or a domain */
	bool domain;
	uint64_t accounts, mailboxes, messages, bytes, deleted_bytes; /* what goes */
	uint64_t file_links, file_link_bytes;                         /* what goes, too */
	uint64_t own_aliases, groups, masked, keys; /* of a domain: what is in it; of an account: its own */
	struct buf aliases;       /* those elsewhere that lead to it, each with a line feed */
	struct buf only;          /* of these, those that lead to nothing else */
	struct buf catch_alls;    /* domains whose catch-all it is */
	struct buf alias_domains; /* domains whose addresses are all its own */
	struct buf group_names;
	bool postmaster;
	bool running; /* a server could be asked for the next two */
	uint64_t shared, waiting;
};

/* 0, or an exit code with the reason said. removal_look_done in either case. */
int removal_look_account(
    struct cli *cli, struct directory_client *client, const char *address, struct removal_look *look);
int removal_look_domain(
    struct cli *cli, struct directory_client *client, const char *domain, struct removal_look *look);
/* Of an alias: what leads to it. */
int removal_look_alias(struct directory_client *client, const char *address, struct removal_look *look);
void removal_look_done(struct removal_look *look);

/* Lines of text, or members of a JSON object, each with a comma before it. */
void removal_look_print(const struct removal_look *look);
void removal_look_json(const struct removal_look *look);

#endif
