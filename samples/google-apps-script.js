/**
 * Keeps a calendar of yours at Google in step with a feed of trakt-ical, every 15 minutes.
 *
 * It runs in your own account at Google, as a project of https://script.google.com. How to set it up: docs/google.md.
 * After each change of the two lines below, run `install` again.
 */
const FEED_URL = 'https://tv.example.net/SECRET/Trakt.ics'; // what `trakt-ical feed url` prints
const CALENDAR_NAME = 'Trakt'; // it is made if you have none of that name; other events in it stay as they are

const TAG = 'trakt-ical'; // on each event of ours: its UID and its change stamp
const MINUTES_BETWEEN = 15;
const LONGEST_RUN = 4.5 * 60 * 1000; // Google ends a script after 6 minutes
const PAUSE = 100; // milliseconds after each change: Google refuses too many in a short time
const DAY = 24 * 60 * 60 * 1000;
const DAYS_BACK = 400; // in which events of ours are looked for
const DAYS_AHEAD = 800;
const ALARM_MINUTES = [5, 4 * 7 * 24 * 60]; // the least and the most that Google takes

/** Starts it: run this once by hand, and allow what Google asks. */
function install() {
  uninstall();
  PropertiesService.getScriptProperties().deleteProperty('etag'); // the next run looks at everything
  ScriptApp.newTrigger('sync').timeBased().everyMinutes(MINUTES_BETWEEN).create();
  sync();
}

/** Ends it. The calendar stays as it is. */
function uninstall() {
  ScriptApp.getProjectTriggers()
    .filter((trigger) => trigger.getHandlerFunction() === 'sync')
    .forEach((trigger) => ScriptApp.deleteTrigger(trigger));
}

/** One run: Google starts it every 15 minutes. Where the feed has not changed, nothing else is asked. */
function sync() {
  const lock = LockService.getScriptLock();
  if (!lock.tryLock(0)) return; // the run before takes long: two at a time would make everything twice
  try {
    const feed = fetchFeed();
    if (feed === null) return;
    const isDone = updateCalendar(openCalendar(), parseCalendar(feed.text), Date.now() + LONGEST_RUN);
    // Only now: if a run ends before, the next one goes on with the same feed.
    if (isDone) PropertiesService.getScriptProperties().setProperty('etag', feed.etag);
  } finally {
    lock.releaseLock();
  }
}

/** Returns the feed's text and ETag, or null if it is as it was. Throws where the feed has another answer. */
function fetchFeed() {
  const etag = PropertiesService.getScriptProperties().getProperty('etag');
  const response = UrlFetchApp.fetch(FEED_URL, {
    headers: etag ? { 'If-None-Match': etag } : {},
    muteHttpExceptions: true, // an exception would show the address
  });
  const status = response.getResponseCode();
  if (status === 304) return null;
  if (status !== 200) throw new Error(`The feed answered ${status}. The calendar stays as it is.`);
  const headers = response.getHeaders();
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'etag');
  return { text: response.getContentText('UTF-8'), etag: name ? headers[name] : '' };
}

function openCalendar() {
  const [calendar] = CalendarApp.getOwnedCalendarsByName(CALENDAR_NAME);
  return calendar || CalendarApp.createCalendar(CALENDAR_NAME, { timeZone: Session.getScriptTimeZone() });
}

/** Brings the calendar in step with the entries of the feed. Returns whether that was all; false at the deadline. */
function updateCalendar(calendar, entries, deadline) {
  const present = findEvents(calendar);
  const counts = { made: 0, changed: 0, deleted: 0 };
  for (const entry of entries) {
    if (entry.isCancelled) continue; // Google would hide it: it is deleted below
    const known = present.get(entry.uid);
    present.delete(entry.uid);
    if (known && known.stamp === entry.stamp) continue;
    if (Date.now() > deadline) return report(counts, false);
    writeEvent(calendar, known ? known.event : null, entry);
    counts[known ? 'changed' : 'made'] += 1;
  }
  // What is older than the feed reaches back has left it because it is past. It stays.
  const first = Math.min(...entries.map((entry) => entry.start.getTime()));
  for (const { event } of present.values()) {
    if (event.getStartTime().getTime() < first - DAY) continue;
    if (Date.now() > deadline) return report(counts, false);
    event.deleteEvent();
    counts.deleted += 1;
    Utilities.sleep(PAUSE);
  }
  return report(counts, true);
}

/** Finds the events of ours by UID. Others have no tag, and are never touched. */
function findEvents(calendar) {
  const now = Date.now();
  const events = new Map();
  for (const event of calendar.getEvents(new Date(now - DAYS_BACK * DAY), new Date(now + DAYS_AHEAD * DAY))) {
    const tag = event.getTag(TAG);
    if (!tag) continue;
    const [uid, ...stamp] = tag.split(' ');
    events.set(uid, { event, stamp: stamp.join(' ') });
  }
  return events;
}

/** Makes an event, or changes the one that there is. */
function writeEvent(calendar, present, entry) {
  const { title, description, location, start, end } = entry;
  if (present) {
    present.setTitle(title).setDescription(description).setLocation(location);
    if (entry.isWholeDay) present.setAllDayDates(start, end);
    else present.setTime(start, end);
    present.resetRemindersToDefault();
    finishEvent(present, entry);
    return;
  }
  const create = entry.isWholeDay ? 'createAllDayEvent' : 'createEvent';
  const event = calendar[create](title, start, end, { description, location });
  try {
    finishEvent(event, entry);
  } catch (error) {
    event.deleteEvent(); // without its tag, the next run would not know it, and make it again
    throw error;
  }
}

/** Sets what is left. The tag comes last: without it, the next run does all this again. */
function finishEvent(event, entry) {
  if (entry.isFree) event.setTransparency(CalendarApp.EventTransparency.TRANSPARENT);
  if (entry.alarms.length) event.removeAllReminders();
  entry.alarms.forEach((minutes) => event.addPopupReminder(minutes));
  event.setTag(TAG, `${entry.uid} ${entry.stamp}`);
  Utilities.sleep(PAUSE);
}

function report(counts, isDone) {
  console.log(`${counts.made} made, ${counts.changed} changed, ${counts.deleted} deleted${isDone ? '' : '; more next time'}`);
  return isDone;
}

/** Returns the events of a calendar in iCalendar (RFC 5545). Throws where it is not a whole one. */
function parseCalendar(text) {
  if (!/^BEGIN:VCALENDAR\r?\n/.test(text) || !/\nEND:VCALENDAR\s*$/.test(text)) {
    throw new Error('The feed is not a whole calendar. The calendar at Google stays as it is.');
  }
  const entries = [];
  let event = null;
  let alarm = null; // an alarm has a DESCRIPTION of its own
  for (const line of text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/)) {
    const property = parseLine(line);
    if (property === null) continue;
    const { name, value } = property;
    if (name === 'BEGIN' && value === 'VEVENT') event = { alarms: [] };
    else if (event === null) continue;
    else if (name === 'END' && value === 'VEVENT') {
      entries.push(makeEntry(event));
      event = null;
    } else if (name === 'BEGIN') alarm = {};
    else if (name === 'END') {
      if (alarm.TRIGGER) event.alarms.push(alarm.TRIGGER.value);
      alarm = null;
    } else (alarm || event)[name] = property;
  }
  return entries;
}

/** Returns the name, parameters and value of one unfolded line; null for one that is none. */
function parseLine(line) {
  const parts = /^([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^":;]*))*):(.*)$/.exec(line);
  return parts && { name: parts[1].toUpperCase(), parameters: parts[2].toUpperCase(), value: parts[3] };
}

function makeEntry(event) {
  const isWholeDay = /;VALUE=DATE(;|$)/.test(event.DTSTART.parameters);
  const start = parseMoment(event.DTSTART.value, isWholeDay);
  const text = (name) => unescapeText(event[name] ? event[name].value : '');
  return {
    uid: event.UID.value,
    stamp: ['SEQUENCE', 'LAST-MODIFIED'].map((name) => (event[name] ? event[name].value : '')).join(' '),
    title: text('SUMMARY'),
    description: text('DESCRIPTION'),
    location: text('LOCATION'),
    isWholeDay,
    start,
    end: event.DTEND ? parseMoment(event.DTEND.value, isWholeDay) : new Date(start.getTime() + (isWholeDay ? DAY : 0)),
    isFree: text('TRANSP') === 'TRANSPARENT',
    isCancelled: text('STATUS') === 'CANCELLED',
    alarms: event.alarms.map(parseMinutes).filter((minutes) => minutes !== null),
  };
}

/** Returns the instant of `20260418T020000Z`, or noon of `20260418`: of a whole day Google takes only the day. */
function parseMoment(value, isWholeDay) {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(value);
  if (!parts || isWholeDay !== !parts[4]) throw new Error(`This time is not understood: ${value}`);
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  // Noon, by the clock of the script: it is the same day in a calendar that is in another zone.
  return isWholeDay ? new Date(year, month - 1, day, 12) : new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

function unescapeText(value) {
  return value.replace(/\\([\\,;nN])/g, (_, sign) => (sign.toLowerCase() === 'n' ? '\n' : sign));
}

/** Returns how many minutes before the start an alarm is; null for one after the start, which Google does not have. */
function parseMinutes(trigger) {
  const parts = /^(-?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?$/.exec(trigger);
  if (parts === null) return null;
  const [weeks, days, hours, minutes] = parts.slice(2).map((part) => Number(part || 0));
  const total = ((weeks * 7 + days) * 24 + hours) * 60 + minutes;
  if (total && !parts[1]) return null;
  return Math.min(Math.max(total, ALARM_MINUTES[0]), ALARM_MINUTES[1]);
}
