/*
 * Reload: the settings and all that they name are read and looked at before anything changes, and refused as
 * a whole. Keys gets the new private keys first, beside the old ones; the roles that use them are told when
 * it has answered, so that no handshake asks for a key that is not there.
 */
#include "master/master_private.h"

#include <errno.h>

#include "base/log.h"

static bool same_listeners(const struct settings *a, const struct settings *b)
{
	for (enum service service = 0; service < SERVICES; service++)
		if (!view_equal(service_addresses(a, service), service_addresses(b, service)))
			return false;
	return view_equal(a->data, b->data) && view_equal(a->run, b->run);
}

/* 0 and both outputs, or the reason is logged. */
static int read_all(struct master *m, struct settings *fresh, struct certificates *certificates)
{
	const char *advice =
	    "correct it and reload again; until then the old settings and certificates stay in force";
	struct buf problem;
	buf_init(&problem, 4096);
	settings_init(fresh);
	int error = settings_read(fresh, m->options->config, &problem);
	if (error == 0 && !same_listeners(fresh, m->settings)) {
		buf_append_string(&problem, "addresses and folders change only at a restart");
		advice = "restart the server, or restore these settings and reload again";
		error = -EBUSY;
	}
	if (error == 0)
		error = certificates_read(certificates, fresh, m->next_key, &problem);
	if (error) {
		log_record(LOG_ERROR, "-", "reload-refused", log_text("reason", buf_view(&problem)),
		    log_string("do", advice));
		settings_done(fresh);
	}
	buf_done(&problem);
	return error;
}

static void tell_what_needs_a_restart(const struct settings *fresh, const struct settings *old)
{
	if (view_equal(fresh->dns_server, old->dns_server) &&
	    view_equal(fresh->dns_anchors, old->dns_anchors) &&
	    view_equal(fresh->dns_stubs, old->dns_stubs) && fresh->disk_reserve == old->disk_reserve &&
	    fresh->search_index == old->search_index)
		return;
	log_record(LOG_WARNING, "-", "needs-restart",
	    log_string("settings", "dns_server, dns_anchors, dns_stubs, disk_reserve and search_index"),
	    log_string("do", "restart for their new values; everything else is in force now"));
}

void master_use_certificates(struct master *m, const struct certificates *certificates)
{
	certificates_done(&m->certificates);
	m->certificates = *certificates;
	m->next_key += certificates->count;
}

static void configure_all_but(struct master *m, const struct child *done)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->children[i].up && &m->children[i] != done)
			master_configure(m, &m->children[i]);
	log_record(LOG_INFO, "-", "reloaded", log_string("config", m->options->config));
	master_notify("READY=1");
}

void master_reload(struct master *m)
{
	struct settings fresh;
	struct certificates certificates;
	if (m->stopping)
		return;
	if (m->reload_waits) {
		m->reload_again = true;
		return;
	}
	master_notify("RELOADING=1");
	if (read_all(m, &fresh, &certificates) != 0) {
		master_notify("READY=1");
		return;
	}
	tell_what_needs_a_restart(&fresh, m->settings);
	settings_done(m->settings);
	*m->settings = fresh;
	log_set_threshold((enum log_level)fresh.log_level);
	master_use_certificates(m, &certificates);
	for (size_t i = 0; i < roles_count; i++)
		if (m->children[i].up && m->children[i].role->files & 1 << FILE_KEY &&
		    master_configure(m, &m->children[i]) == 0)
			m->reload_waits = &m->children[i];
	if (m->reload_waits == NULL)
		configure_all_but(m, NULL);
}

void master_reload_continue(struct master *m, const struct child *child)
{
	if (m->reload_waits != child)
		return;
	m->reload_waits = NULL;
	if (m->stopping)
		return;
	configure_all_but(m, child);
	bool again = m->reload_again;
	m->reload_again = false;
	if (again)
		master_reload(m);
}
