// A page with nothing but the line: what a desk does with it, written down. Evaluated in a page of ours by the tests.
(async () => {
  const { Line } = await import("/static/socket.js");
  const { emptyState, isMissed, reduce } = await import("/static/pops.js");
  const { Notice } = await import("/static/socket_notice.js");
  const me = await (await fetch("/api/me")).json();
  const page = Object.assign(window.page ?? {}, { state: emptyState(), live: null, leads: false, out: 0, got: [], welcomes: 0, modes: [], ticks: [] });
  page.line = new Line({
    who: me,
    cursor: () => ({ epoch: page.state.epoch, version: page.state.version }),
    message(message) {
      page.state = reduce(page.state, message);
      if (message.type === "welcome") page.modes.push(`${message.mode} ${message.following}`);
      if (page.state.confused) {
        page.state = emptyState();
        return page.line.resume();
      }
      if (message.pop) page.got.push(`${message.pop.card_id} ${message.pop.state}${message.unseen ? " unseen" : ""}`);
      if (message.type === "tick" || page.state.following > 0) return;
      page.notice.update(page.state.pops.values());
      if (page.state.version > 0) page.line.acknowledge(page.state.version);
    },
    state: (live) => (page.live = live),
    signedOut: () => page.out++,
    leads: (leads) => {
      page.leads = leads;
      page.notice.update();
    },
  });
  page.notice = new Notice(page.line, { words: (pop) => ({ title: pop.caller_name, body: pop.number_text }), chosen: () => {} });
  page.missed = () => [...page.state.pops.values()].filter(isMissed).map((pop) => pop.card_id);
  page.shows = () => [...page.state.pops.values()].map((pop) => `${pop.card_id} ${pop.state}`);
  window.page = page;
  setInterval(() => page.ticks.push(Math.round(performance.now())), 100);
  await page.line.open();
  return me.login;
})()
