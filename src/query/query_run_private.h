/* What the files of a run share: query_run.c (its life and its stages), query_ask.c (the questions of a
 * stage), query_judge.c (what the answers say). */
#ifndef QUERY_QUERY_RUN_PRIVATE_H
#define QUERY_QUERY_RUN_PRIVATE_H

#include "query/query_read.h"
#include "query/query_run.h"

enum {
	/* Ranges in one question: 32 KB of a frame. What is open behind them is asked for next. */
	QUERY_RANGES_MAX = 4096,
	QUERY_LARGE_AT_ONCE = 16 /* messages that are read in pieces, in one question */
};

enum query_stage {
	STAGE_FLAGS,
	STAGE_META,
	STAGE_ANNOTATIONS,
	STAGE_FIND,
	STAGE_FOUND, /* META once more, now that the index has answered */
	STAGE_SUMMARY,
	STAGE_HEADER,
	STAGE_BODY,
	STAGE_LARGE, /* reads what was too large for STAGE_BODY */
	STAGE_REST,  /* the same as STAGE_SUMMARY, now that these are read */
	STAGE_MODSEQ,
	STAGE_END
};

struct query_run {
	struct query_host host;
	void *arg;
	uint64_t account, mailbox, owner;
	const struct query *program;
	unsigned want_modseq;
	bool unindexed, ended;
	int error;           /* of ours: the run ends with it at the question's end */
	uint64_t wants;      /* of conditions that aren't on text */
	unsigned decided_by; /* bits of enum query_by: which kinds of conditions on text there are */

	struct query_places places;
	struct query_set yes, open, seen;
	struct query_text *texts;
	size_t text_count;
	struct query_set *uids; /* of conditions on UIDs */
	size_t uid_count;
	struct query_reader *reader;

	/* The newest are enough: places from `low` on are looked at, those from `high` on have been. */
	uint32_t newest, low, high;
	uint64_t find_limit; /* 0: all */

	enum query_stage stage;
	size_t asked;         /* STAGE_FIND: conditions that were */
	uint64_t want;        /* of the question under way */
	uint32_t from, until; /* places that it is about */
	struct buf ranges;
	uint32_t large[QUERY_LARGE_AT_ONCE]; /* STAGE_LARGE: places */
	size_t large_count, large_at;
	uint64_t modseq;
};

/* A program belongs to its run for as long as that lives: the numbers of its conditions stand in it. */
static inline struct query *query_program_of(const struct query *q)
{
	union {
		const struct query *given;
		struct query *own;
	} program = {.given = q};
	return program.own;
}

/* query_ask.c: what its present stage wants to know of each message; 0: the stage has nothing to add. */
uint64_t query_stage_wants(const struct query_run *run, enum query_stage stage);
/* The messages that it is about. */
const struct query_set *query_asked_about(const struct query_run *run);
/* Asks the next question of the stage; false when there is none left, or run->error is set. */
bool query_ask_next(struct query_run *run);

/* query_judge.c: what is known without asking about messages: UIDs, what the index and the annotations said.
 */
void query_judge_all(struct query_run *run);
/* An answer that is none's end. */
void query_take(struct query_run *run, enum mail_type type, const void *answer);
/* A question of the present stage has ended well; of the index, in any way. */
void query_judge_end(struct query_run *run, const struct mail_done *done);

#endif
