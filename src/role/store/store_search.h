/*
 * The search index of all accounts, kept up behind the mail: an account that got some is looked at a little
 * later; its new messages are read by the content role, their terms become a segment, and small segments
 * become larger ones. One account at a time, and hardly at all while much mail comes in.
 */
#ifndef ROLE_STORE_STORE_SEARCH_H
#define ROLE_STORE_STORE_SEARCH_H

#include "account/search.h"
#include "process/link.h"
#include "search/segment.h"

/* Begins, when the store is open. */
void store_search_start(void);

/* Before the store is closed, and after. */
void store_search_stop(void);
void store_search_end(void);

/* The content role's channel; and to ask it for something else than terms. */
void store_search_content(struct role_process *p, int fd);
struct calls *store_search_calls(void);

/* Something may have changed in the account: it is looked at soon. */
void store_search_note(uint64_t account);

/* Drops the account's index; it is made anew. */
typedef void store_search_dropped(void *arg, int result);
void store_search_rebuild(uint64_t account, store_search_dropped *done, void *arg);

/*
 * `postrider search`, words without the first: "status", "status" ACCOUNT, "rebuild" ACCOUNT (a number). The
 * answer is one MESSAGE_OUTPUT. NULL: it has been given; else it comes, and `ended` is called. cancel: the
 * asker is gone; `ended` is called all the same.
 */
struct search_command;
struct search_command *store_search_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, bool json, void (*ended)(void *arg), void *arg);
void store_search_command_cancel(struct search_command *c);

struct store_search_figures {
	uint64_t waiting;  /* accounts that are to be looked at */
	uint64_t account;  /* that is being worked on; 0: none */
	uint64_t messages; /* that have been read since the start */
	bool on, content_up;
};
void store_search_figures(struct store_search_figures *f);

/* ---- inside: store_search_index.c ---- */

/*
 * Brings an account's index up to date, one account at a time. 0; -E2BIG: there are too many segments;
 * -EILSEQ: the index is of another version, or of no use; -ESTALE: it has changed meanwhile; -ENOENT: there
 * is no such account; -ECANCELED; the store's errors.
 */
typedef void store_search_indexed(uint64_t account, int result);
void store_search_index(uint64_t account, store_search_indexed *done);
void store_search_index_figures(struct store_search_figures *f);
void store_search_index_start(void);
void store_search_index_stop(void);

/* ---- inside: store_search_merge.c ---- */

/* Merges segments of the account, if there are enough of a size. `done` runs once; merged: whether it did, so
 * that there may be more to merge. */
typedef void store_search_merged(void *arg, int result, bool merged);
void store_search_merge(const struct account_search *state, store_search_merged *done, void *arg);
void store_search_merge_stop(void);

/* The heads of the state's segments. 0, or -EBADMSG: the index is of no use, and must be made anew. */
int store_search_heads(const struct account_search *state, struct segment_head heads[ACCOUNT_SEGMENTS_MAX]);

#endif
