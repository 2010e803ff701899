/*
 * The words of Sieve: each command and test, with what may stand behind it. A word is a row; the rows of an
 * extension stand in its file, sieve_x_NAME.c, and all of them are found here by name. Who compiles a script
 * may bring more rows (the driver of a test suite does).
 */
#ifndef SIEVE_SIEVE_WORDS_H
#define SIEVE_SIEVE_WORDS_H

#include "base/buf.h"
#include "sieve/sieve_error.h"

struct sieve_checker;
struct sieve_node;
struct sieve_step;
struct sieve_run;

/* What a script may require. */
enum sieve_extension {
	SIEVE_CORE,     /* always there */
	SIEVE_INTERNAL, /* of the caller's rows: no script has to require it */
	SIEVE_X_BODY,
	SIEVE_X_COMPARATOR_ASCII_CASEMAP,
	SIEVE_X_COMPARATOR_NUMERIC,
	SIEVE_X_COMPARATOR_OCTET,
	SIEVE_X_COMPARATOR_UNICODE,
	SIEVE_X_COPY,
	SIEVE_X_DATE,
	SIEVE_X_DUPLICATE,
	SIEVE_X_EDITHEADER,
	SIEVE_X_ENCLOSE,
	SIEVE_X_ENCODED_CHARACTER,
	SIEVE_X_ENOTIFY,
	SIEVE_X_ENVELOPE,
	SIEVE_X_ENVELOPE_DELIVERBY,
	SIEVE_X_ENVELOPE_DSN,
	SIEVE_X_ENVIRONMENT,
	SIEVE_X_EREJECT,
	SIEVE_X_EXTLISTS,
	SIEVE_X_EXTRACTTEXT,
	SIEVE_X_FCC,
	SIEVE_X_FILEINTO,
	SIEVE_X_FOREVERYPART,
	SIEVE_X_IHAVE,
	SIEVE_X_IMAP4FLAGS,
	SIEVE_X_IMAPSIEVE,
	SIEVE_X_INCLUDE,
	SIEVE_X_INDEX,
	SIEVE_X_MAILBOX,
	SIEVE_X_MAILBOXID,
	SIEVE_X_MBOXMETADATA,
	SIEVE_X_MIME,
	SIEVE_X_REDIRECT_DELIVERBY,
	SIEVE_X_REDIRECT_DSN,
	SIEVE_X_REGEX,
	SIEVE_X_REJECT,
	SIEVE_X_RELATIONAL,
	SIEVE_X_REPLACE,
	SIEVE_X_SERVERMETADATA,
	SIEVE_X_SPAMTEST,
	SIEVE_X_SPAMTESTPLUS,
	SIEVE_X_SPECIAL_USE,
	SIEVE_X_SUBADDRESS,
	SIEVE_X_VACATION,
	SIEVE_X_VACATION_SECONDS,
	SIEVE_X_VARIABLES,
	SIEVE_X_VIRUSTEST,
	SIEVE_EXTENSIONS /* at most 64: a set of them is a uint64_t */
};

/* The name, as require has it; NULL of those that have none. */
const char *sieve_extension_name(enum sieve_extension extension);
/* Appends the names of all that scripts may require, with a space between two. */
void sieve_extension_names(struct buf *out);
/* SIEVE_EXTENSIONS: there is none of that name. */
enum sieve_extension sieve_extension_by_name(struct view name);

/* Of an extension that others have: why it is not there, as a clause; NULL: nothing is known of it. */
const char *sieve_extension_absent(struct view name);

/* What a test says; BROKEN: the run ends, it has failed or asks. */
enum sieve_truth { SIEVE_FALSE, SIEVE_TRUE, SIEVE_BROKEN };

enum sieve_comparator {
	SIEVE_ASCII_CASEMAP, /* the default: RFC 5228 section 2.7.3 */
	SIEVE_OCTET,
	SIEVE_ASCII_NUMERIC,
	SIEVE_UNICODE_CASEMAP,
	SIEVE_COMPARATORS
};
/* SIEVE_COMPARATORS: there is none of that name. */
enum sieve_comparator sieve_comparator_by_name(struct view name);
enum sieve_extension sieve_comparator_extension(enum sieve_comparator comparator);

enum sieve_match {
	SIEVE_IS, /* the default: RFC 5228 section 2.7.1 */
	SIEVE_CONTAINS,
	SIEVE_MATCHES,
	SIEVE_VALUE, /* these two: RFC 5231 */
	SIEVE_COUNT,
	SIEVE_LIST,  /* RFC 6134: the keys name lists */
	SIEVE_REGEX, /* draft-ietf-sieve-regex */
	SIEVE_MATCH_TYPES
};
enum sieve_relation { SIEVE_EQ, SIEVE_NE, SIEVE_GT, SIEVE_GE, SIEVE_LT, SIEVE_LE, SIEVE_RELATIONS };
/* SIEVE_RELATIONS: there is none of that name. */
enum sieve_relation sieve_relation_by_name(struct view name);

enum sieve_address_part {
	SIEVE_ALL, /* the default: RFC 5228 section 2.7.4 */
	SIEVE_LOCALPART,
	SIEVE_DOMAIN,
	SIEVE_USER, /* these two: RFC 5233 */
	SIEVE_DETAIL,
	SIEVE_ADDRESS_PARTS
};

enum sieve_type { SIEVE_NOTHING, SIEVE_NUMBER, SIEVE_STRING, SIEVE_STRING_LIST };

/* What a text is for. Constant ones are judged when the script is compiled, others when it runs. */
enum sieve_use {
	SIEVE_USE_TEXT,
	SIEVE_USE_HEADER,         /* a field's name */
	SIEVE_USE_ADDRESS_HEADER, /* of a field that holds addresses: RFC 5228 section 5.1 */
	SIEVE_USE_ENVELOPE,       /* "from", "to" */
	SIEVE_USE_ADDRESS,        /* an address that mail can be sent to */
	SIEVE_USE_MAILBOX,        /* a mailbox's path */
	SIEVE_USE_SPECIAL_USE,    /* "\Junk": RFC 8579 */
	SIEVE_USE_VARIABLE,       /* a variable's name: RFC 5229 section 3 */
	SIEVE_USE_SCRIPT,         /* a script's name: RFC 5804 section 1.6 */
	SIEVE_USE_DATE_PART,      /* RFC 5260 section 4 */
	SIEVE_USE_ZONE,           /* "+0100" */
	SIEVE_USE_NOTIFY,         /* these four: RFC 6009 */
	SIEVE_USE_RET,
	SIEVE_USE_BY_MODE,
	SIEVE_USE_DATE_TIME,
	SIEVE_USE_EXTENSION, /* looked at by the word itself */
};
/* What is wrong with the text, as the end of a sentence ("'x' " + ...); NULL: nothing. */
const char *sieve_use_problem(enum sieve_use use, struct view text);

struct sieve_positional {
	const char *what; /* "a list of header names" without the article: "header names" */
	enum sieve_type type;
	enum sieve_use use;
};

/* A tag of one word alone. */
struct sieve_tag {
	const char *name;
	enum sieve_extension extension;
	unsigned group;                /* of those of a group, only one may be given; 0: it is in none */
	struct sieve_positional value; /* SIEVE_NOTHING: none follows the tag */
	bool needed;                   /* one of its group must be given */
	const char *refused;           /* why it is not possible here, as a clause; NULL: it is */
};

/* Tags that many words have. */
enum {
	SIEVE_HAS_MATCH = 1,        /* :comparator, :is, :contains, :matches, :value, :count */
	SIEVE_HAS_ADDRESS_PART = 2, /* :all, :localpart, :domain, :user, :detail */
	SIEVE_HAS_INDEX = 4,        /* :index, :last: RFC 5260 section 6 */
};

enum sieve_kind { SIEVE_COMMAND, SIEVE_TEST };
enum sieve_tests { SIEVE_NO_TEST, SIEVE_ONE_TEST, SIEVE_TEST_LIST };

enum { SIEVE_POSITIONALS_MAX = 3, SIEVE_TAGS_MAX = 24 };

struct sieve_word {
	const char *name;
	enum sieve_kind kind;
	enum sieve_extension extension;
	struct sieve_positional positionals[SIEVE_POSITIONALS_MAX]; /* up to the first without a name */
	bool first_optional; /* the first one may be left out, when a second one is there */
	bool last_optional;  /* the last one may be left out */
	const struct sieve_tag *tags;
	size_t tag_count;
	unsigned has; /* SIEVE_HAS_... */
	enum sieve_tests tests;
	bool block;
	bool loop; /* its block is run again and again, and `break` leaves it: RFC 5703 */
	/* Looks at what the row cannot say; NULL: there is nothing. */
	void (*check)(struct sieve_checker *checker, struct sieve_step *step);
	bool chained; /* elsif and else: taken only when none before them was */
	/* Run a test, a command (false: the run ends); sieve_run.h. Control commands have none. */
	enum sieve_truth (*test)(struct sieve_run *run, const struct sieve_step *step);
	bool (*act)(struct sieve_run *run, const struct sieve_step *step);
};

struct sieve_words {
	const struct sieve_word *rows;
	size_t count;
};

static inline size_t sieve_word_positionals(const struct sieve_word *word)
{
	size_t n = 0;

	while (n < SIEVE_POSITIONALS_MAX && word->positionals[n].what)
		n++;
	return n;
}

/* The word of that name, without case, also among `extra`; NULL if there is none. */
const struct sieve_word *sieve_word_find(
    struct view name, enum sieve_kind kind, const struct sieve_words *extra);

/*
 * A name that somebody may have meant who wrote `name`: of words of that kind, of extensions. NULL: none is
 * near.
 */
const char *sieve_word_near(struct view name, enum sieve_kind kind, const struct sieve_words *extra);
const char *sieve_extension_near(struct view name);
/* How many letters are others. Takes a candidate that is nearer than *distance, up to a third of its letters.
 */
unsigned sieve_name_distance(struct view a, struct view b);
void sieve_name_consider(struct view name, const char *candidate, const char **best, unsigned *distance);

/* The rows: one table for each file that has some. */
extern const struct sieve_words sieve_words_control;
extern const struct sieve_words sieve_words_actions;
extern const struct sieve_words sieve_words_tests;
extern const struct sieve_words sieve_x_body;
extern const struct sieve_words sieve_x_date;
extern const struct sieve_words sieve_x_duplicate;
extern const struct sieve_words sieve_x_editheader;
extern const struct sieve_words sieve_x_enotify;
extern const struct sieve_words sieve_x_environment;
extern const struct sieve_words sieve_x_extlists;
extern const struct sieve_words sieve_x_ihave;
extern const struct sieve_words sieve_x_imap4flags;
extern const struct sieve_words sieve_x_include;
extern const struct sieve_words sieve_x_mailbox;
extern const struct sieve_words sieve_x_metadata;
extern const struct sieve_words sieve_x_mime;
extern const struct sieve_words sieve_x_reject;
extern const struct sieve_words sieve_x_replace;
extern const struct sieve_words sieve_x_spamtest;
extern const struct sieve_words sieve_x_vacation;
extern const struct sieve_words sieve_x_variables;

#endif
