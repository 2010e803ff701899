// The pages of signing in and of the account: what the browser needs a script for, and nothing else. That is passkeys, and a mark.
(() => {
	"use strict";

	// Of several people who are signed in in this browser, each has a seat (src/role/web/web_seat.h). How many
	// there are need not be known here: where there is no such seat, the server has no page with this script.
	const [prefix = "", seat] = /^\/u\/(\d+)(?=\/|$)/.exec(location.pathname) ?? [];

	const ownKey = (name) => `postrider.${seat ? `${seat}.` : ""}${name}`;

	// Another person may be signed in afterwards: the webmail asks who it is before it shows what it keeps
	// (webmail/src/layer/worker/marker.ts).
	document.addEventListener("submit", (event) => {
		try {
			if (event.target.getAttribute("action") === `${prefix}/auth/logout`)
				signOut(event);
			else
				localStorage.setItem(ownKey("signing-in"), crypto.randomUUID());
		} catch {
			// A browser that keeps no mark keeps no mail.
		}
	}, true);

	// Where the webmail keeps mail of this person, it does the signing out, for it knows what to take away
	// (webmail/src/model/person.ts). One that has not taken the mark cannot start: then the session ends by the form.
	function signOut(event) {
		if (localStorage.getItem(ownKey("person")) !== null && sessionStorage.getItem(ownKey("sign-out")) === null) {
			sessionStorage.setItem(ownKey("sign-out"), "1");
			event.preventDefault();
			location.assign(`${prefix}/mail/inbox`);
			return;
		}
		localStorage.setItem(ownKey("signing-in"), crypto.randomUUID());
		for (const name of ["person", "name"])
			localStorage.removeItem(ownKey(name));
		sessionStorage.removeItem(ownKey("sign-out"));
	}

	if (!window.PublicKeyCredential)
		return;

	const toOctets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
	const toText = (octets) => btoa(String.fromCharCode(...new Uint8Array(octets)))
		.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

	async function ask(path, question) {
		const answer = await fetch(prefix + path, {
			method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question),
		});
		const told = await answer.json();
		if (!answer.ok) {
			const error = new Error(told.detail);
			error.reason = told.reason;
			throw error;
		}
		return told;
	}

	function octetsIn(options) {
		options.challenge = toOctets(options.challenge);
		if (options.user)
			options.user.id = toOctets(options.user.id);
		for (const list of [options.allowCredentials, options.excludeCredentials])
			for (const one of list ?? [])
				one.id = toOctets(one.id);
		return options;
	}

	async function use(form, prove) {
		const begun = await ask("/auth/passkey/options", {ticket: form.elements.ticket?.value ?? "", prove});
		const key = await navigator.credentials.get({publicKey: octetsIn(begun.options)});
		await ask("/auth/passkey", {
			ticket: begun.ticket, prove, id: key.id,
			clientDataJSON: toText(key.response.clientDataJSON),
			authenticatorData: toText(key.response.authenticatorData),
			signature: toText(key.response.signature),
			userHandle: key.response.userHandle ? toText(key.response.userHandle) : "",
		});
		// Where one wanted to go: the server has looked at it (src/role/web/web_next.h).
		location.assign(prefix + (prove ? "/account" : form.elements.next?.value || "/mail/inbox"));
	}

	async function add(form) {
		const begun = await ask("/auth/passkeys/begin", {});
		const key = await navigator.credentials.create({publicKey: octetsIn(begun.options)});
		const told = await ask("/auth/passkeys/add", {
			ticket: begun.ticket, name: form.elements.name.value,
			clientDataJSON: toText(key.response.clientDataJSON),
			attestationObject: toText(key.response.attestationObject),
		});
		if (told.recoveryCodes)
			showCodes(form, told.recoveryCodes);
		else
			location.assign(`${prefix}/account`);
	}

	function showCodes(form, codes) {
		const list = document.createElement("ul"), words = document.createElement("p"), back = document.createElement("a");
		list.className = "codes";
		words.textContent = form.dataset.added;
		for (const code of codes) {
			const row = list.appendChild(document.createElement("li"));
			row.appendChild(document.createElement("code")).textContent = code;
		}
		back.href = `${prefix}/account`;
		back.textContent = form.dataset.done;
		form.replaceChildren(words, list, back);
		words.tabIndex = -1;
		words.focus();
	}

	// The page has its language's words in the form.
	function words(error, form) {
		if (error.name === "NotAllowedError")
			return form.dataset.cancelled;
		// Only where one is added: the device has one already.
		if (error.name === "InvalidStateError" && form.dataset.exists)
			return form.dataset.exists;
		// What the server says is in the language already, what the browser says is not.
		return error.reason ? error.message : form.dataset.failed;
	}

	for (const form of document.querySelectorAll("form[data-passkey]")) {
		const button = form.querySelector("button"), problem = form.querySelector(".problem"), what = form.dataset.passkey;
		form.hidden = false;
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			button.disabled = true;
			problem.hidden = true;
			try {
				await (what === "add" ? add(form) : use(form, what === "prove"));
			} catch (error) {
				problem.textContent = words(error, form);
				problem.hidden = false;
			}
			button.disabled = false;
		});
	}
})();
