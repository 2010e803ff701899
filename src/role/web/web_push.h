/*
 * Push: what changes in an account is told to everybody who listens (RFC 8620 section 7.1). Store says that
 * something changed (MAIL_CHANGED); it is asked at once what the states are now, and each listener gets the
 * ones that are new to it. What changes meanwhile is told with the next answer, so that a flood of changes
 * costs each listener one message for each turn between the processes.
 *
 * A listener is a part of an event stream (web_events.c) or a WebSocket (web_socket.c). A client that takes
 * nothing is not written to: what is new is kept as bits, and told when there is room.
 */
#ifndef ROLE_WEB_WEB_PUSH_H
#define ROLE_WEB_WEB_PUSH_H

#include "role/web/web_user.h"

struct web_listener {
	const struct web_listener_handler *handler;
	struct web_user *user; /* the exchange's: not counted here */
	struct web_listener *next, *previous;
	uint32_t types;   /* bits of mail_push_type that are wanted */
	uint32_t pending; /* of these, those that are to be told */
	uint64_t since;   /* see web_push_want */
	bool waits;       /* for the first states */
	bool behind;      /* something of what others share was not told, for want of room or by `since` */
	/* The next time at which `tick` is called, in seconds of clock_monotonic_ms; 0: never. */
	uint32_t due;
};

#define WEB_PUSH_NEW UINT64_MAX

struct web_listener_handler {
	/* StateChange: its "changed" member, an object, and the push state, in decimal. False: there is no
	 * room now; web_push_room comes later. */
	bool (*changed)(struct web_listener *l, struct view changed, struct view push_state);
	/* `due` is there: sets the next one. May not leave from within, nor from `end` and `changed`: the
	 * exchange's `over` does, later. */
	void (*tick)(struct web_listener *l);
	/* The user is lost, or the server stops: nothing comes any more. */
	void (*end)(struct web_listener *l);
};

extern const struct web_user_part web_push_part;
void web_push_start(struct role_process *p);

/* The bits of the types in a list of names, "*" being all; unknown ones are passed over, as RFC 8620 wants.
 */
uint32_t web_push_types(struct view list, char separator);
uint32_t web_push_type(struct view name);

/* handler and user are set. It wants nothing yet. */
void web_push_join(struct web_listener *l);
/* Types (bits) that are to be told from now on; 0: none. since: a push state that the client had, or
 * WEB_PUSH_NEW: what changed behind it is told at once. */
void web_push_want(struct web_listener *l, uint32_t types, uint64_t since);
void web_push_leave(struct web_listener *l);
/* Sets when `tick` is called next, in so many seconds from now; 0: never. */
void web_push_due(struct web_listener *l, unsigned seconds);
/* There is room again. */
void web_push_room(struct web_listener *l);

/* The server stops: every listener is told. */
void web_push_drain(void);

#endif
