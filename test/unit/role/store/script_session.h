/* An administrator's end of an account's channel in mail_world.h, which asks for scripts; and the real rules
 * role at its own. */
#ifndef TEST_ROLE_STORE_SCRIPT_SESSION_H
#define TEST_ROLE_STORE_SCRIPT_SESSION_H

#include "mail_world.h"
#include "mail/script.h"
#include "mail/vacation.h"

struct script_session {
	struct link link;
	uint32_t request; /* of the last question */
	bool done, lost;
	struct mail_done end;
	char names[4096]; /* of the entries, "*" behind the active one */
	struct script_entry entry;
	struct buf text;
	unsigned pieces, lasts;
	char complaints[8192]; /* "line:column text" and a line end, of each */
	unsigned complaint_count;
	char gone[256]; /* numbers, with a blank behind each */
	unsigned deeds, settings, persons;
	/* Of each deed its rule's name, or "keeps", or "failed"; the setting's text; who was answered last.
	 */
	char told[4096];
};

/* After mail_world_begin. */
void script_world_begin(void);
void script_world_end(void); /* before mail_world_end */
void script_world_settle(void);
/* Ends the rules role's channel, as its end would. */
void script_world_lose_rules(void);
void script_world_rules(void); /* a new one */

void script_session_open(struct script_session *s, uint64_t shard, unsigned permissions);
void script_session_close(struct script_session *s);

/* Sends without waiting; asks and waits for the end: its error. */
void script_send(struct script_session *s, unsigned type, const void *question);
int64_t script_ask(struct script_session *s, unsigned type, const void *question);
void script_stop(struct script_session *s); /* the last question */

/* A script that is there, whatever its text is; its number. */
uint64_t script_put_raw(uint64_t shard, uint8_t place, const char *name, struct view text);

#endif
