/*
 * What the master's files share: master.c (life) stands on master_spawn.c (processes), that on master_hear.c
 * (what they say), master_reload.c, master_configure.c (what they are told), master_introduce.c (channels
 * between them), master_log.c and master_notify.c; and master_listen.c (sockets).
 */
#ifndef MASTER_MASTER_PRIVATE_H
#define MASTER_MASTER_PRIVATE_H

#include <sys/types.h>

#include "master/certificates.h"
#include "process/admin_listener.h"
#include "process/log_sources.h"
#include "master/master.h"
#include "master/roles.h"

struct master;

/*
 * A role has one process that is its current one. Beside it stands, in an upgrade, the successor that is
 * being started, or afterwards the one before, which finishes what it has begun (master_upgrade.c).
 */
enum child_place { CHILD_FREE, CHILD_CURRENT, CHILD_SUCCESSOR, CHILD_RETIRED };

enum { CHILDREN_MAX = 2 * ROLES_MAX };

struct child {
	struct master *master;
	const struct role *role;
	enum child_place place;
	pid_t pid; /* 0: not running */
	struct channel control;
	struct loop_timer restart, patience;
	int64_t started;  /* clock_monotonic_ms */
	int64_t since;    /* the same in seconds since 1970 */
	unsigned ends;    /* since the server was started, though nobody told it to stop */
	unsigned crashes; /* in a row */
	unsigned starts;  /* MESSAGE_START that it has not answered */
	bool up, ready, told_to_stop;
	bool waits;   /* it has all but MESSAGE_START, and no channels yet */
	bool listens; /* it has been given its listeners */
	uid_t uid;
	gid_t gid;
};

/* The channel from a caller to a called role. */
struct introduction {
	struct master *master;
	uint64_t number; /* of the channel; 0: none that both ends have */
	int64_t made;
	struct loop_timer again;
};

/* master_upgrade.c */
enum upgrade_step {
	UPGRADE_NOT,
	UPGRADE_CLEARS, /* what is left of the upgrade before ends first */
	UPGRADE_ASKS, /* the new program says which version it is, and what its processes say to each other */
	UPGRADE_STARTS, /* successors of all but relay and store start beside */
	UPGRADE_RELAY,  /* relay finishes; its successor starts behind store's */
	UPGRADE_STORE,  /* store's successor waits until store may yield */
	UPGRADE_YIELDS, /* store closes what its successor opens */
	UPGRADE_MASTER  /* all roles run the new program; the master executes it when it owes nobody a word */
};

struct upgrade {
	enum upgrade_step step;
	int executable; /* the new program, open; -1: none */
	char version[32];
	pid_t asked; /* the process that is asked; 0: none */
	int answer;  /* the end of its pipe */
	struct loop_timer patience;
	int64_t began, yielded; /* clock_monotonic_ms; yielded: when store's links were moved */
	uint64_t pause;         /* ms until the new store served */
};

struct listener {
	enum service service;
	char *address;
	int fd;
};

/* The log's end of a process's socket. */
struct log_socket {
	enum role_bit from;
	const struct child *child; /* NULL: the master's */
	int fd;
};

struct master {
	struct master_options *options;
	/* master_hear.c: a frame on a child's control channel; arg is the child. */
	void (*hear)(void *child, struct channel_frame *frame);
	struct settings *settings;
	struct loop loop;
	struct loop_timer tell_left_out; /* of the log */
	struct loop_signal on_child, on_terminate, on_interrupt, on_reload, on_upgrade;
	struct child children[CHILDREN_MAX];
	struct child *current[ROLES_MAX],
	    *beside[ROLES_MAX]; /* of each row of the roles' table; beside: or NULL */
	struct introduction introductions[CHILDREN_MAX][CHILDREN_MAX]; /* caller, called: as in children */
	uint64_t last_channel;
	struct certificates certificates; /* of the settings in force */
	uint64_t next_key;                /* number: none is given twice in a master's life */
	const struct child *reload_waits; /* a reload waits for its answer; NULL: none is under way */
	bool reload_again;                /* when that has ended, or store has yielded (master_reload.c) */
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	/* At the start of the server: roles get their listeners when all that they call are ready, or when
	 * this has fired. */
	struct loop_timer open_all;
	bool open;
	int executable; /* of the roles, open: a package upgrade under us changes nothing */
	struct upgrade upgrade;
	int folder; /* the data folder */
	struct log_socket
	    log_sockets[LOG_SOURCES_MAX]; /* what the log role reads, or will read at its next start */
	size_t log_socket_count;
	/* master_command.c: the master's own socket for administrators, and who is connected. */
	struct admin_listener command_listener;
	char *command_path;
	int command_fd;
	struct visitor *visitors;
	size_t visitor_count;
	struct master_metrics *metrics;          /* master_metrics.c */
	void (*stop)(struct master *m);          /* master.c */
	void (*reload)(struct master *m);        /* master_reload.c */
	void (*begin_upgrade)(struct master *m); /* master_upgrade.c */
	/* master.c: no role starts again, all end; at the end the installed program is executed in our place
	 */
	void (*drain_first)(struct master *m);
	/* master.c: a process of the pool, with the timers that all have */
	void (*init_child)(struct master *m, struct child *child, size_t row, enum child_place place);
	/* master_upgrade.c: a successor, or the store's when its place has been taken, is ready; what store
	 * says */
	void (*upgrade_heard)(struct master *m, struct child *child, unsigned type);
	int64_t began; /* seconds since 1970 */
	int log_write, standard_error;
	int lock;
	unsigned stop_group;
	bool stopping, upgrading, announced;
	int status;
};

/* Opens every listening socket. 0, or an exit status with the reason said. */
int master_listen(struct master *m);
/*
 * Gives a role that is up its listeners, once. When the server starts, clients wait in the backlog until the
 * roles that theirs calls are ready: who comes early is served, and not sent away. From then on, or when the
 * start takes long, a role gets them at once, and answers for its peers (m->open).
 */
void master_give_listeners(struct master *m, struct child *child);
/* Makes a socket in the folder `run`, for administrators. The same results; *fd, and its path, to be freed.
 */
int master_listen_unix(struct master *m, const char *name, bool open, int *fd, char **path);
/* From now on nobody waits any more. */
void master_open(struct master *m);
/* Before the end: who connects from now on is refused at once, and does not wait in a backlog that nobody
 * serves. */
void master_stop_listening(struct master *m);
void master_close_listeners(struct master *m);
/* Marks the listeners to survive an exec, and describes them in the environment; the new master adopts them.
 */
void master_keep_listeners(struct master *m);

/*
 * master_log.c: the way of log lines. master_log_open makes the master's own. master_log_for makes the one of
 * a process that is about to be started, tells each log process, and gives the process's end, to be closed by
 * the caller; 0 or a negative errno. master_log_introduce tells a new log role of all that there are.
 */
int master_log_open(struct master *m);
int master_log_for(struct master *m, const struct child *child, int *write_end);
void master_log_introduce(struct master *m, struct child *log);

/* master_configure.c: settings and certificates, then MESSAGE_START: at the start and at a reload. For one
 * that waits only the first. */
int master_configure(struct master *m, struct child *child);
int master_start_child(struct child *child);
/* master_spawn.c: starts a role's process and sends it everything it needs. 0 or a negative errno. */
int master_spawn(struct master *m, struct child *child);
/* Hears a process on its control channel, which is taken over. */
void master_child_hear(struct child *child, int control);
/* The user and group a role runs as when started as root. */
void master_choose_user(struct child *child, unsigned index);

/* master_hear.c: a frame on a child's control channel; arg is the child. */
void master_hear(void *child, struct channel_frame *frame);

/* master_reload.c */
void master_reload(struct master *m);
/* This child has answered MESSAGE_START, or has ended. */
void master_reload_continue(struct master *m, const struct child *child);
/* One that had to wait begins. */
void master_reload_if_asked(struct master *m);
/* Takes them over, in place of the ones before. */
void master_use_certificates(struct master *m, const struct certificates *certificates);

/*
 * master_upgrade.c. init: once. begin: the installed program takes this one's place, role by role. ended: a
 * process that is no role's current one; took_over: a current one has ended, and that is the upgrade's
 * matter; must_wait: a current one cannot be started yet, because one before it has the data folder still,
 * whose end starts it; answered: of the process that was asked. stop: the server stops.
 */
void master_upgrade_init(struct master *m);
void master_upgrade(struct master *m);
void master_upgrade_heard(struct master *m, struct child *child, unsigned type);
void master_upgrade_ended(struct master *m, struct child *child);
bool master_upgrade_took_over(struct master *m, struct child *child);
bool master_upgrade_must_wait(const struct child *child);
void master_upgrade_answered(struct master *m, int status);
void master_upgrade_stop(struct master *m);
/* The new program's master has taken over. */
void master_upgrade_adopted(struct master *m);

/* The path of the installed program, which is no more this one's when a package has replaced it. */
bool master_program(char *path, size_t size);

/* master_command.c. From the loop's start on administrators are served. */
void master_command_serve(struct master *m);
/* A reload begins; is in force with this problem (it is refused), or without one; all roles are ready. */
void master_command_reload_begins(struct master *m);
void master_command_reloaded(struct master *m, struct view problem);
void master_command_all_ready(struct master *m);
/* An upgrade has ended: with status 0, or refused. */
void master_command_upgraded(struct master *m, uint64_t status, struct view text);
/* Who is connected goes to the next master. */
struct passage;
void master_command_pass(struct master *m, struct passage *p);
/* Nothing of theirs is half read or half sent. */
bool master_command_is_quiet(const struct master *m);
/* All roles have ended: who waits for that is told. */
void master_command_end(struct master *m);

/* master_metrics.c: what roles count, gathered; OpenMetrics text of it. */
void master_metrics_start(struct master *m);
void master_metrics_stop(struct master *m);
void master_metrics_take(struct master *m, const struct child *child, struct view values);
void master_metrics_ended(struct master *m, const struct child *child);
void master_metrics_write(const struct master *m, struct buf *out);
/* All that is counted goes to the next master. */
void master_metrics_pass(struct master *m, struct passage *p);
/* How the processes are, to web: now, and not only with the next figures. */
void master_metrics_tell_roles(struct master *m);

/* master_status.c: memory of a process in octets; 0: unknown. */
uint64_t master_memory_of(pid_t pid);

/* master_introduce.c: channels from this child to all that it calls, and from all that call it. */
void master_introduce_init(struct master *m);
void master_introduce_everywhere(struct master *m, struct child *child);
/* Only from those that call it: it has taken a predecessor's place. */
void master_introduce_callers(struct master *m, struct child *called);
/* Only to those that it calls. */
void master_introduce_called(struct master *m, struct child *caller);
/* For store's successor, that it may take over what its predecessor has. */
void master_introduce_stores(struct child *before, struct child *successor);
/* A child says that a channel to a peer has closed. If it is the one that both have, they get a new one, at
 * most once a second. */
void master_peer_lost(struct master *m, const struct child *child, const struct message_peer *lost);

/* master_notify.c: to systemd, where it started us (sd_notify(3)). */
void master_notify(const char *state);

#endif
