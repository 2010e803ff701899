/* What acts.c (requests, looking, upkeep) and acts_step.c (the work) share. Private to src/account. */
#ifndef ACCOUNT_ACTS_PRIVATE_H
#define ACCOUNT_ACTS_PRIVATE_H

#include "account/acts.h"
#include "account/change.h"

enum {
	ACT_VERSION = 1,
	ACT_CHUNK = 200 /* ids of an entry: five octets each at most */
};

/* sort: 'A', the act; 'B' and 'D', its pieces. */
struct account_key act_key(char sort, uint64_t number);
struct account_key act_piece_key(char sort, uint64_t number, uint32_t piece);

int act_decode(struct view key, struct view value, struct account_act *a) __attribute__((warn_unused_result));
int act_put(struct account_change *c, const struct account_act *a) __attribute__((warn_unused_result));

/* Ids of a list; without any the piece goes. */
int act_put_chunk(struct account_change *c, uint64_t number, uint32_t piece, const uint64_t *ids,
    size_t count) __attribute__((warn_unused_result));

bool act_is_at_work(const struct account_act *a);

/* It begins or ends to be worked on: the head says whether any is. */
void act_set_state(struct account_change *c, struct account_act *a, uint8_t state);

#endif
