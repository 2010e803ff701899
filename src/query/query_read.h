/*
 * Decides conditions on text by reading a message: what the index could only propose, and mail that it
 * doesn't know yet. The conditions' sets of sure and maybe are changed at the message's place.
 */
#ifndef QUERY_QUERY_READ_H
#define QUERY_QUERY_READ_H

#include "mime/envelope.h"
#include "query/query_test.h"

/* What a condition can be decided by. */
enum query_by { QUERY_BY_SUMMARY, QUERY_BY_HEADER, QUERY_BY_BODY, QUERY_BY_ANNOTATIONS };
enum query_by query_decided_by(const struct query *condition);

/* Whether the index can say anything of a condition on text. */
bool query_index_knows(const struct query *condition);

struct query_reader;

/* Never NULL. The texts outlive it. */
struct query_reader *query_reader_new(struct query_text *texts, size_t count);
void query_reader_free(struct query_reader *r); /* NULL is allowed */

/* Each decides the conditions that are open at this place, as far as these bytes can. 0 or -ENOMEM. */
int query_reader_summary(struct query_reader *r, uint32_t place, const struct envelope *envelope);
/* With the empty line at its end. Of conditions on more than the header, those that are true by it become
 * sure. */
int query_reader_header(struct query_reader *r, uint32_t place, struct view header);
int query_reader_message(struct query_reader *r, uint32_t place, struct view message);

/* The last one, with a message that comes in pieces. */
void query_reader_begin(struct query_reader *r, uint32_t place);
int query_reader_feed(struct query_reader *r, struct view bytes);
int query_reader_end(struct query_reader *r);

/* Whether a condition QUERY_ANNOTATION is met by an annotation; `name` ends in ".priv" or ".shared". */
bool query_annotation_matches(const struct query *condition, struct view name, struct view value);

#endif
