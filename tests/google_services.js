/**
 * Runs samples/google-apps-script.js with stand-ins for Google's services, which behave as Google documents them.
 *
 * Reads JSON from stdin: `script` (its text) and `steps`. Before each step's run: `answer` is what the feed answers
 * (`status`, `text`, `etag`), `add` puts events of the user's own into the calendar, `call` names another function than
 * `sync`, `fail` is the number of the change to the calendar that Google refuses, `minutes` is how long each takes.
 * Writes JSON: for each step the `events` of the calendar, the number of `changes`, the `headers` that the feed was
 * asked with (null where it was not), the `error` if there was one, and the functions that have `triggers`.
 */
const vm = require('vm');

const { script, steps } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const properties = {};
let calendars = [];
let triggers = [];
let step = {};
let changes = 0;
let asked = null;
let clock = Date.UTC(2026, 3, 18, 12);

/** Counts a change to the calendar, which takes its time and may be refused. */
function change() {
  clock += (step.minutes || 0) * 60000;
  changes += 1;
  if (changes === step.fail) throw new Error('You have been creating or deleting too many events in a short time.');
}

/** The day of a moment by the clock of the script: of an all-day event Google takes nothing else. */
const dayOf = (date) => [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => `${n}`.padStart(2, '0')).join('-');

class CalendarEvent {
  constructor(calendar, title, options) {
    Object.assign(this, { calendar, title, description: '', location: '', tags: {}, reminders: null, isFree: false }, options);
  }
  setTitle(title) { change(); this.title = title; return this; }
  setDescription(description) { change(); this.description = description; return this; }
  setLocation(location) { change(); this.location = location; return this; }
  setTime(start, end) { change(); return this.place(start, end); }
  setAllDayDates(start, end) { change(); return this.placeDays(start, end); }
  place(start, end) { return Object.assign(this, { starts: start.getTime(), start: start.toISOString(), end: end.toISOString() }); }
  placeDays(start, end) {
    const starts = new Date(start.getFullYear(), start.getMonth(), start.getDate()).getTime();
    return Object.assign(this, { starts, start: dayOf(start), end: dayOf(end) });
  }
  setTransparency(value) { change(); this.isFree = value === 'TRANSPARENT'; return this; }
  removeAllReminders() { change(); this.reminders = []; return this; }
  resetRemindersToDefault() { change(); this.reminders = null; return this; }
  addPopupReminder(minutes) {
    change();
    if (minutes < 5 || minutes > 40320) throw new Error('Invalid argument: minutesBefore');
    this.reminders.push(minutes);
    return this;
  }
  setTag(key, value) { change(); this.tags[key] = value; return this; }
  getTag(key) { return this.tags[key] || null; }
  getStartTime() { return new Date(this.starts); }
  deleteEvent() { change(); this.calendar.events = this.calendar.events.filter((event) => event !== this); }
  show() {
    const { title, description, location, start, end, reminders, isFree } = this;
    return { title, description, location, start, end, reminders, isFree, isOurs: Object.keys(this.tags).length > 0 };
  }
}

class Calendar {
  constructor(name) { Object.assign(this, { name, events: [] }); }
  createEvent(title, start, end, options) { return this.add(new CalendarEvent(this, title, options).place(start, end)); }
  createAllDayEvent(title, start, end, options) { return this.add(new CalendarEvent(this, title, options).placeDays(start, end)); }
  add(event) { change(); this.events.push(event); return event; }
  getEvents(from, to) { return this.events.filter((event) => event.starts < to.getTime() && event.starts >= from.getTime()); }
}

class Trigger {
  constructor(handler) { this.handler = handler; }
  getHandlerFunction() { return this.handler; }
  timeBased() { return this; }
  everyMinutes(minutes) {
    if (![1, 5, 10, 15, 30].includes(minutes)) throw new Error('Invalid argument: everyMinutes');
    return this;
  }
  create() { triggers.push(this); return this; }
}

class Now extends Date {
  constructor(...parts) { if (parts.length) super(...parts); else super(clock); }
  static now() { return clock; }
}

const google = {
  Date: Now,
  console: { log() {} },
  CalendarApp: {
    EventTransparency: { TRANSPARENT: 'TRANSPARENT', OPAQUE: 'OPAQUE' },
    getOwnedCalendarsByName: (name) => calendars.filter((calendar) => calendar.name === name),
    createCalendar(name) { calendars.push(new Calendar(name)); return calendars[calendars.length - 1]; },
  },
  LockService: { getScriptLock: () => ({ tryLock: () => true, releaseLock() {} }) },
  PropertiesService: {
    getScriptProperties: () => ({
      getProperty: (key) => (key in properties ? properties[key] : null),
      setProperty(key, value) { properties[key] = value; },
      deleteProperty(key) { delete properties[key]; },
    }),
  },
  ScriptApp: {
    newTrigger: (handler) => new Trigger(handler),
    getProjectTriggers: () => [...triggers],
    deleteTrigger(trigger) { triggers = triggers.filter((each) => each !== trigger); },
  },
  Session: { getScriptTimeZone: () => process.env.TZ },
  UrlFetchApp: {
    fetch(url, { headers, muteHttpExceptions }) {
      if (!url.startsWith('https://') || !muteHttpExceptions) throw new Error(`Request failed for ${url}`);
      asked = headers;
      const { status, text, etag } = step.answer;
      const isSame = status === 200 && etag && headers['If-None-Match'] === etag;
      return {
        getResponseCode: () => (isSame ? 304 : status),
        getContentText: () => (isSame ? '' : text),
        getHeaders: () => ({ 'Content-Type': 'text/calendar', ETag: etag }),
      };
    },
  },
  Utilities: { sleep() {} },
};
vm.createContext(google);
vm.runInContext(script, google);

const shown = steps.map((each) => {
  step = each;
  asked = null;
  for (const title of step.add || []) calendars[0].createEvent(title, new Date(clock), new Date(clock + 3600000), {});
  changes = 0;
  let error = null;
  try {
    google[step.call || 'sync']();
  } catch (problem) {
    error = problem.message;
  }
  const events = calendars.flatMap((calendar) => calendar.events.map((event) => event.show()));
  return { events, changes, headers: asked, error, triggers: triggers.map((trigger) => trigger.handler) };
});
console.log(JSON.stringify(shown));
