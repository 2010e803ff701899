/* An account's scripts in memory, for tests of what speaks with store about them (mail/script.h): the same
 * answers in the same order, and scripts are compiled by the true compiler. */
#ifndef TEST_TALK_SCRIPT_WORLD_H
#define TEST_TALK_SCRIPT_WORLD_H

#include "base/buf.h"
#include "mail/mail.h"
#include "mail/script.h"

struct script_world;

struct script_world *script_world_new(void);
void script_world_free(struct script_world *w); /* NULL is allowed */

/* A question, of which a copy is kept until script_world_answer, but SCRIPT_PIECE, which is taken at once. */
void script_world_ask(struct script_world *w, uint32_t request, unsigned type, const void *question);

/* Answers what was asked, if anything was. The answers are valid during the call of `say`. False: nothing
 * was. */
bool script_world_answer(struct script_world *w,
    void (*say)(void *arg, uint32_t request, unsigned type, const void *answer), void *arg);

/* The next question is answered with this error; 0: as it should be. */
void script_world_fail(struct script_world *w, int error);

/* The next script that is asked for comes without its last octet. */
void script_world_cut(struct script_world *w);

/* The channel was closed: what was said on it is forgotten, the scripts stay. */
void script_world_close(struct script_world *w);

/* "name (active): text" of each, for tests that look at what is there. */
void script_world_show(const struct script_world *w, struct buf *out);

#endif
