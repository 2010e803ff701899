/* Searches as IMAP writes them (RFC 9051 section 6.4.4), for SEARCH, SORT, THREAD and ESEARCH. */
#ifndef IMAP_IMAP_SEARCH_H
#define IMAP_IMAP_SEARCH_H

#include "imap/imap_private.h"
#include "query/query.h"
#include "query/query_run.h"

enum {
	IMAP_FILTERS_MAX = 20,           /* FILTER keys in one search, those in filters among them */
	IMAP_SEARCH_SET_MAX = 256 * 1024 /* octets of a set of UIDs for several mailboxes */
};

/* ---- programs: imap_search_parse.c ---- */

/* A program, and what of it the command has to know. It lives in `arena`. */
struct imap_program {
	struct arena *arena;
	struct query *root;
	bool modseq;          /* MODSEQ is in it: the answer names the highest one (RFC 7162 section 3.1.5) */
	bool fuzzy;           /* FUZZY is in it: RELEVANCY means something */
	bool other_mailboxes; /* ESEARCH: UIDs stay as they are written, message numbers are refused */
	bool fuzzy_now;       /* while a FUZZY key is parsed */
	bool bad_charset;     /* nobody knows the charset: NO, and not BAD */
	bool lasting;         /* UPDATE: "5:*" means messages that come as well */
	bool utf8;            /* the charset is UTF-8, or US-ASCII */
	struct view charset;
	unsigned nodes, depth, texts;
	/* Filters (RFC 5466) whose text isn't known yet: each is an AND without children in the tree. */
	struct imap_filter {
		struct view name;
		struct query *place;
	} filters[IMAP_FILTERS_MAX];
	size_t filter_count, filters_read;
};

/* The charset of all strings. False: bad_charset, or what is noted in `in`. */
bool imap_search_charset(struct imap_in *in, struct imap_program *program, struct view charset);

/* "search-key *(SP search-key)" up to the end of the text. What is wrong is noted in `in`. */
void imap_search_program(struct imap_in *in, struct imap_program *program);

/* The text of filters[filters_read], which becomes part of the tree; false: it is no search program. */
bool imap_search_filter(struct imap_session *s, struct imap_program *program, struct view text);

/* ---- what is to be returned: imap_search_return.c ---- */

enum {
	IMAP_RETURN_MIN = 1 << 0,
	IMAP_RETURN_MAX = 1 << 1,
	IMAP_RETURN_ALL = 1 << 2,
	IMAP_RETURN_COUNT = 1 << 3,
	IMAP_RETURN_SAVE = 1 << 4,      /* RFC 5182 */
	IMAP_RETURN_PARTIAL = 1 << 5,   /* RFC 9394, RFC 5267 */
	IMAP_RETURN_RELEVANCY = 1 << 6, /* RFC 6203 */
	IMAP_RETURN_UPDATE = 1 << 7,    /* RFC 5267 section 4.3 */
	IMAP_RETURN_CONTEXT = 1 << 8,   /* section 4.2: a hint */
	IMAP_RETURN_GIVEN = 1 << 9      /* there was a RETURN */
};

struct imap_return {
	unsigned options;
	uint32_t from, to; /* PARTIAL: from <= to; the first is 1 */
	bool from_end;     /* counted from the last */
};

/* "RETURN (...) ", if it is there. `allowed`: IMAP_RETURN_*; others are wrong. */
bool imap_in_returns(struct imap_in *in, unsigned allowed, struct imap_return *returns);

/* " PARTIAL (2:4 ": the range that was asked for, the lower end first. */
void imap_put_partial(struct imap_session *s, const struct imap_return *returns);

/* The places (first and behind the last) of `count` results that PARTIAL means; the same when it means none.
 */
void imap_partial(const struct imap_return *returns, size_t count, size_t *from, size_t *until);

/* ---- running: imap_search.c ---- */

/* Where a search looks. The ranges live as long as it runs. */
struct imap_search_place {
	uint64_t account, mailbox, owner_number;
	struct view uids;
};

/* What is done where it would look through more messages than one command may (imap_limit.h). ESEARCH, of
 * which RFC 9738 does not speak, has no limit. */
enum imap_search_limit { IMAP_SEARCH_UNLIMITED, IMAP_SEARCH_PART, IMAP_SEARCH_WHOLE };

/* A search under way: the command's data, or the beginning of it. */
struct imap_search {
	struct imap_program program;
	struct imap_return returns;
	struct imap_search_place place;
	struct query_run *run;
	unsigned modseq; /* enum query_modseq */
	uint32_t newest; /* so many of the last ones are enough; 0: all are wanted */
	void (*found)(struct imap_session *s);
	enum imap_search_limit limit;
	/* The filter that is being read. */
	bool filter_shared, filter_found;
	struct view filter_text;
};

/* The command's data, for the search and whatever else is in `size`. */
void *imap_search_new(struct imap_session *s, size_t size, void (*release)(void *data));
void imap_search_release(void *search); /* to be called by a `release` of one's own */

/* Runs the program in the selected mailbox; then `found`. Ends the command itself when it fails. */
void imap_search_run(
    struct imap_session *s, struct imap_search *search, void (*found)(struct imap_session *s));

/* The same elsewhere. */
void imap_search_in(struct imap_session *s, struct imap_search *search, const struct imap_search_place *place,
    void (*found)(struct imap_session *s));

/* "$" becomes what was found. False without memory. */
bool imap_search_save(struct imap_session *s, const struct imap_search *search);

/* True when the parser found something wrong: the command has ended. */
bool imap_search_wrong(struct imap_session *s, struct imap_in *in, const struct imap_program *program);

/* [CHARSET ...] and the program. */
void imap_search_keys(struct imap_in *in, struct imap_program *program);

/* What follows from options that were not given, and from MODSEQ in the program. */
void imap_search_options(struct imap_session *s, struct imap_search *search);

/* False: options that don't go with the program; the command has ended. */
bool imap_search_is_fine(struct imap_session *s, const struct imap_search *search);

/* " MIN 2 COUNT 3 ALL 2,10:11 ...": what the options ask for. */
void imap_put_results(struct imap_session *s, const struct imap_search *search, bool uid);

/* * ESEARCH (TAG "..."), with UID when `uid`. */
void imap_put_esearch(struct imap_session *s, bool uid);

/* The set of what was found, places from `from` to `until` of it, as UIDs or message numbers. */
void imap_put_found(struct imap_session *s, const struct query_run *run, size_t from, size_t until, bool uid);

/*
 * A line with as much in it as was found: a plain SEARCH of a million messages has 8 MB. imap_put_all gives
 * the place where it begins; imap_put_all_line ends it. False: the output has no room for it. Then it is
 * taken back, and the command has been answered, and its data is gone: there are forms that need less.
 */
size_t imap_put_all(const struct imap_session *s);
bool imap_put_all_line(struct imap_session *s, size_t begun);

#endif
