/*
 * Administration by the web (mail/administration.h): channels that auth gives to sessions of administrators
 * who have just proved who they are. auth_administer.c has what goes to the directory as it is;
 * auth_administer_channel.c the channels; auth_administer_account.c what needs an account's credentials. No
 * hash and no secret leaves auth by them.
 */
#ifndef ROLE_AUTH_AUTH_ADMINISTER_H
#define ROLE_AUTH_AUTH_ADMINISTER_H

#include "mail/administration.h"
#include "process/admin_time.h"
#include "role/auth/auth_private.h"
#include "trust/login/credentials.h"

struct administering;

struct administration {
	struct administration *next;
	struct link link;
	uint64_t account, session;
	char *address;
	struct admin_time time;
	struct loop_task free; /* at the end of the turn */
	struct administering *question;
	bool closing;
};

/* A question under way. */
struct administering {
	struct administration *channel; /* lives as long as its question */
	uint32_t request;
	uint32_t asked; /* of store; 0: nothing */
	struct buf payload;
	struct arena arena;
	struct message_administer m; /* its views are of the payload */
	const struct administer_row *row;
	unsigned tries;

	/* auth_administer_account.c */
	bool known;
	uint64_t account; /* 0: disabled */
	struct buf normal, record, hash;
	struct credentials *credentials;
};

struct administer_row {
	void (*run)(struct administering *q);
	enum directory_operation as; /* what it asks of the directory */
	bool changes, revokes;       /* revokes: a right may be gone by it */
};

/* The n-th field of the question. */
struct view administer_field(const struct administering *q, size_t n);
/* Who asks, for logs. */
struct view administer_who(const struct administering *q);

/* Answers; frees the question. fields: of views. */
void administer_end(
    struct administering *q, int64_t error, uint64_t number, const struct view *fields, size_t count);
/* The same with a sentence. */
void administer_refuse(struct administering *q, int64_t error, const char *text);

/* Asks the directory what the row says, with fields of its own; then answers with what it answers. */
void administer_pass(struct administering *q, uint64_t number, const struct view *fields, size_t count);
/* With the question's own. */
void administer_run_pass(struct administering *q);
/* The directory has been changed, or may have been: what was learnt is forgotten. account: 0: of none. */
void administer_changed(const struct administering *q, uint64_t account, bool revokes);

/* auth_administer_account.c */
void administer_run_guarded(struct administering *q); /* administer_run_pass, but of no administrator's */
void administer_run_secrets(struct administering *q);
void administer_run_add(struct administering *q);
void administer_run_set(struct administering *q);
void administer_run_password(struct administering *q);
void administer_run_sessions_end(struct administering *q);
void administer_run_second_off(struct administering *q);

/* A channel for the web: *fd is web's end. 0 or a negative errno. */
int auth_administer_open(uint64_t account, uint64_t session, struct view address, int *fd);
/* A successor is there: no channel takes another question, since only the successor may change anything. */
void auth_administer_retire(void);
/* Ends those of an account (0: of everybody), or of one of its sessions (0: all). */
void auth_administer_revoke(uint64_t account, uint64_t session);

#endif
