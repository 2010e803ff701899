/*
 * doctor: looks at the server from all sides, and says what is wrong, what that costs, and how to mend it.
 * What it looks at stands in doctor_settings.c, doctor_services.c, doctor_machine.c, doctor_mail.c and
 * doctor_names.c.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/doctor.h"
#include "cli/store_client.h"
#include "io/tls.h"

enum { AUTHORITIES_MAX = 16 * 1024 * 1024 };

/* ---- what the parts need ---- */

/* The kernel knows who listens at the socket of the administrator: the master. */
static void find_master(struct doctor *d)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int fd = store_client_connect(d->settings);
	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		d->master = peer.pid;
	close(fd);
}

static void load_authorities(struct doctor *d)
{
	char path[1024], piece[16 * 1024];
	struct buf pem;
	size_t n;
	buf_init(&pem, AUTHORITIES_MAX);
	snprintf(path, sizeof path, "%.*s", VIEW_FMT(d->settings->ca_file));
	FILE *file = fopen(path, "re");
	while (file && (n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_append(&pem, view_of(piece, n));
	if (file)
		fclose(file);
	d->tls = tls_client_new(buf_view(&pem));
	buf_done(&pem);
}

static void find_domains(struct doctor *d)
{
	struct directory_client *client;
	struct message_directory_answer answer;
	const struct view none = VIEW("");
	if (d->master == 0 || directory_client_open(d->cli, &client) != 0)
		return;
	if (directory_client_ask(client, DIRECTORY_DOMAIN_LIST, 0, &none, 1, &answer) == 0) {
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + 5 <= answer.fields.count && d->domain_count < DOCTOR_DOMAINS_MAX;
		     i += 5)
			d->domains[d->domain_count++] = mem_string(items[i].value);
	}
	directory_client_close(client);
}

static void examine(struct doctor *d)
{
	find_master(d);
	load_authorities(d);
	find_domains(d);
	if (d->master == 0)
		doctor_tell(d, DOCTOR_ERROR, "server",
		    geteuid() == 0 ? "it does not run"
		                   : "it does not run, or its socket is not open to this user",
		    "no mail is taken or sent, and nobody can log in",
		    geteuid() == 0
		        ? "systemctl start postrider; the log says why it ended: journalctl -u postrider"
		        : "run `postrider doctor` as root; systemctl start postrider");
	doctor_settings(d);
	doctor_services(d);
	doctor_machine(d);
	doctor_mail(d);
	doctor_accounts(d);
	doctor_names(d);
}

static void put_sum(const struct doctor *d)
{
	if (d->cli->json)
		puts("]");
	else
		printf("%u ok, %u notes, %u warnings, %u errors\n", d->counts[DOCTOR_OK],
		    d->counts[DOCTOR_NOTE], d->counts[DOCTOR_WARNING], d->counts[DOCTOR_ERROR]);
}

int cli_doctor(struct cli *cli)
{
	struct doctor *d = &(struct doctor){.cli = cli, .settings = &cli->settings};
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	log_set_threshold(LOG_ERROR);
	if (cli->json)
		putchar('[');
	examine(d);
	put_sum(d);
	for (size_t i = 0; i < d->domain_count; i++)
		mem_free(d->domains[i]);
	for (size_t i = 0; i < d->told_count; i++)
		mem_free(d->told[i]);
	tls_context_unref(d->tls);
	return d->counts[DOCTOR_ERROR] ? EXIT_SOFTWARE : 0;
}
