/*
 * What a master hands to the next one, which is executed in its place: values in a fixed order. One list of
 * them is for both directions: each function writes its value, or reads it.
 */
#ifndef MASTER_PASSAGE_H
#define MASTER_PASSAGE_H

#include "base/buf.h"
#include "base/cursor.h"

struct passage {
	bool reads;
	struct buf out;
	struct cursor in;
};

void passage_number(struct passage *p, uint64_t *n);
void passage_flag(struct passage *p, bool *flag);
void passage_count(struct passage *p, unsigned *n);
void passage_time(struct passage *p, int64_t *n);
/* A descriptor, which survives the execution; -1: none. */
void passage_descriptor(struct passage *p, int *fd);
/* Memory of mem_alloc's, when it is read; NULL stays NULL. */
void passage_string(struct passage *p, char **text);
void passage_bytes(struct passage *p, struct buf *bytes);

#endif
