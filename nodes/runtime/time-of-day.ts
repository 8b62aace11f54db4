/** The time of day where Node-RED runs; the day, too, where that is another one. @param at ISO 8601, or milliseconds */
export function timeOfDay(at: string | number): string {
  const time = new Date(at);
  const ofDay = time.toTimeString().slice(0, 'hh:mm:ss'.length);
  if (time.toDateString() === new Date().toDateString()) return ofDay;
  const [month, day] = [time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${time.getFullYear()}-${month}-${day} ${ofDay}`;
}
