import './red';
import type { Texts } from './texts';

/** Node-RED's class for tabs that are not there: they have no width. */
const HIDDEN = 'hide';

/**
 * Builds the dialog's tabs. Node-RED's tabs answer to the mouse only, and not to a second click within 400 ms; roles, the
 * keyboard and every click are added here.
 *
 * @returns shows a tab, or hides one that is not open
 */
export function createTabs<Tab extends string>(
  type: string,
  tabs: readonly [Tab, ...Tab[]],
  { text }: Texts,
  onShow: (tab: Tab) => void,
): (tab: Tab, isShown: boolean) => void {
  const list = $(`#${type}-tabs`);
  const panelId = (tab: Tab): string => `${type}-panel-${tab}`;
  const panel = (tab: Tab): JQuery => $(`#${panelId(tab)}`);
  const control = RED.tabs.create({
    element: list,
    onchange: ({ id }) => {
      const shown = tabs.find((tab) => panelId(tab) === id);
      for (const tab of tabs) panel(tab).toggle(tab === shown);
      list.find('a').each((_, link) => {
        const active = $(link).attr('href') === `#${id}`;
        $(link).attr({ 'aria-selected': String(active), tabindex: active ? 0 : -1 });
      });
      if (shown !== undefined) onShow(shown);
    },
  });
  for (const tab of tabs) control.addTab({ id: panelId(tab), label: text(`tab.${tab}`) });

  list.attr('role', 'tablist');
  list.find('li').attr('role', 'presentation');
  list.find('a').each((index, link) => {
    const tab = tabs[index];
    if (tab === undefined) return;
    $(link).attr({ role: 'tab', id: `${type}-tab-${tab}`, 'aria-controls': panelId(tab) });
    panel(tab).attr({ role: 'tabpanel', 'aria-labelledby': `${type}-tab-${tab}` });
  });
  list.on('click', 'a', (event) => {
    const clicked = tabs[list.find('a').index(event.currentTarget as HTMLElement)];
    if (clicked !== undefined) control.activateTab(panelId(clicked));
  });
  const entry = (tab: Tab): JQuery => list.find('li').eq(tabs.indexOf(tab));
  list.on('keydown', 'a', (event) => {
    const visible = tabs.filter((tab) => !entry(tab).hasClass(HIDDEN));
    const current = tabs[list.find('a').index(event.currentTarget as HTMLElement)];
    const next = nextTab(
      event.key,
      visible.findIndex((tab) => tab === current),
      visible,
    );
    if (next === undefined) return;
    event.preventDefault();
    control.activateTab(panelId(next));
    list.find('a').eq(tabs.indexOf(next)).trigger('focus');
  });
  control.activateTab(panelId(tabs[0]));
  return (tab, isShown) => {
    entry(tab).toggleClass(HIDDEN, !isShown);
    control.resize();
  };
}

function nextTab<Tab>(key: string, index: number, tabs: readonly Tab[]): Tab | undefined {
  switch (key) {
    case 'ArrowRight':
      return tabs[(index + 1) % tabs.length];
    case 'ArrowLeft':
      return tabs[(index + tabs.length - 1) % tabs.length];
    case 'Home':
      return tabs[0];
    case 'End':
      return tabs[tabs.length - 1];
    case 'Enter':
    case ' ':
      return tabs[index];
    default:
      return undefined;
  }
}
