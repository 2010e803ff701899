/* See master_status.h. */
#include "master/master_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "format/json_out.h"
#include "master/master_private.h"

enum { TIME_SIZE = 32, MEMORY_UNIT = 1024 * 1024 };

/* "2026-11-29T21:04:05Z". */
static struct view iso_time(int64_t seconds, char text[TIME_SIZE])
{
	struct tm parts;
	time_t at = (time_t)seconds;
	gmtime_r(&at, &parts);
	return view_of(text, strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

/* Octets of its own and of what it shares with other processes, as the kernel counts them; 0: unknown. */
uint64_t master_memory_of(pid_t pid)
{
	char path[64];
	unsigned long long pages = 0;
	snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
	FILE *f = pid > 0 ? fopen(path, "re") : NULL;
	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static const char *state_of_role(const struct child *c)
{
	if (c->pid > 0 && c->place == CHILD_RETIRED)
		return "finishing";
	return c->pid <= 0 ? "down" : c->told_to_stop ? "stopping" : c->ready ? "ready" : "starting";
}

static const char *state_of_server(const struct master *m)
{
	if (m->stopping)
		return "stopping";
	if (m->upgrade.step != UPGRADE_NOT)
		return "upgrading";
	for (size_t i = 0; i < roles_count; i++)
		if (!m->current[i]->ready)
			return m->announced ? "degraded" : "starting";
	return "running";
}

/* Each role's process, and behind it the one beside, if there is one. */
static const struct child *child_at(const struct master *m, size_t i)
{
	return i % 2 == 0 ? m->current[i / 2] : m->beside[i / 2];
}

static void put_words(const struct master *m, struct buf *out)
{
	char time[TIME_SIZE];
	struct view since = iso_time(m->began, time);
	buf_printf(out, "Postrider %s, process %ld, since %.*s: %s\n", POSTRIDER_VERSION, (long)getpid(),
	    VIEW_FMT(since), state_of_server(m));
	buf_printf(out, "settings  %s\n", m->options->config);
	for (size_t i = 0; i < m->listener_count; i++)
		if (service_row(m->listeners[i].service)->socket == NULL)
			buf_printf(out, "listens   %s (%s)\n", m->listeners[i].address,
			    service_name(m->listeners[i].service));
	buf_printf(out, "\n%-12s %8s  %-9s %-20s %9s %9s\n", "role", "process", "state", "since", "memory",
	    "restarts");
	for (size_t i = 0; i < 2 * roles_count; i++) {
		const struct child *c = child_at(m, i);
		if (c == NULL)
			continue;
		since = c->pid > 0 ? iso_time(c->since, time) : VIEW("-");
		buf_printf(out, "%-12s %8ld  %-9s %-20.*s %6.1f MB %9u\n", c->role->name, (long)c->pid,
		    state_of_role(c), VIEW_FMT(since), (double)master_memory_of(c->pid) / MEMORY_UNIT,
		    c->ends);
	}
}

static void put_text(struct json_out *w, const char *name, struct view value)
{
	json_out_name(w, view_from_string(name));
	json_out_string(w, value);
}

static void put_number(struct json_out *w, const char *name, uint64_t value)
{
	json_out_name(w, view_from_string(name));
	json_out_unsigned(w, value);
}

static void put_roles(const struct master *m, struct json_out *w)
{
	char time[TIME_SIZE];
	json_out_array(w);
	for (size_t i = 0; i < 2 * roles_count; i++) {
		const struct child *c = child_at(m, i);
		if (c == NULL)
			continue;
		json_out_object(w);
		put_text(w, "name", view_from_string(c->role->name));
		put_number(w, "pid", c->pid > 0 ? (uint64_t)c->pid : 0);
		put_text(w, "state", view_from_string(state_of_role(c)));
		put_text(w, "since", c->pid > 0 ? iso_time(c->since, time) : VIEW(""));
		put_number(w, "memory", master_memory_of(c->pid));
		put_number(w, "restarts", c->ends);
		json_out_end(w);
	}
	json_out_end(w);
}

static void put_json(const struct master *m, struct buf *out)
{
	struct json_out w = json_out_on(out);
	char time[TIME_SIZE];
	json_out_object(&w);
	put_text(&w, "state", view_from_string(state_of_server(m)));
	put_text(&w, "version", VIEW(POSTRIDER_VERSION));
	put_number(&w, "pid", (uint64_t)getpid());
	put_text(&w, "since", iso_time(m->began, time));
	put_text(&w, "config", view_from_string(m->options->config));
	json_out_name(&w, VIEW("listeners"));
	json_out_array(&w);
	for (size_t i = 0; i < m->listener_count; i++) {
		if (service_row(m->listeners[i].service)->socket)
			continue;
		json_out_object(&w);
		put_text(&w, "service", view_from_string(service_name(m->listeners[i].service)));
		put_text(&w, "address", view_from_string(m->listeners[i].address));
		json_out_end(&w);
	}
	json_out_end(&w);
	json_out_name(&w, VIEW("roles"));
	put_roles(m, &w);
	json_out_end(&w);
	buf_append_byte(out, '\n');
}

void master_status_roles(const struct master *m, struct buf *out)
{
	struct json_out w = json_out_on(out);
	put_roles(m, &w);
}

unsigned master_status(const struct master *m, bool json, struct buf *out)
{
	if (json)
		put_json(m, out);
	else
		put_words(m, out);
	for (size_t i = 0; i < roles_count; i++)
		if (!m->current[i]->ready || m->stopping)
			return MASTER_STATUS_LATER;
	return 0;
}
