import '../../editor/red';
import { text } from './text';

const TABS = ['listener', 'access', 'message', 'delivery', 'sample', 'importExport'] as const;
export type TabName = (typeof TABS)[number];

const panel = (tab: TabName): JQuery => $(`#dicom-in-panel-${tab}`);

/**
 * Builds the dialog's tabs. Node-RED's tabs answer to the mouse only, and not to a second click within 400 ms; roles, the
 * keyboard and every click are added here.
 */
export function createTabs(onShow: (tab: TabName) => void): void {
  const list = $('#dicom-in-tabs');
  const control = RED.tabs.create({
    element: list,
    onchange: ({ id }) => {
      const shown = id.replace('dicom-in-panel-', '') as TabName;
      for (const tab of TABS) panel(tab).toggle(tab === shown);
      list.find('a').each((_, link) => {
        const active = $(link).attr('href') === `#${id}`;
        $(link).attr({ 'aria-selected': String(active), tabindex: active ? 0 : -1 });
      });
      onShow(shown);
    },
  });
  for (const tab of TABS) control.addTab({ id: `dicom-in-panel-${tab}`, label: text(`tab.${tab}`) });

  list.attr('role', 'tablist');
  list.find('li').attr('role', 'presentation');
  list.find('a').each((index, link) => {
    const tab = TABS[index];
    if (tab === undefined) return;
    $(link).attr({ role: 'tab', id: `dicom-in-tab-${tab}`, 'aria-controls': `dicom-in-panel-${tab}` });
    panel(tab).attr({ role: 'tabpanel', 'aria-labelledby': `dicom-in-tab-${tab}` });
  });
  list.on('click', 'a', (event) => {
    const clicked = TABS[list.find('a').index(event.currentTarget as HTMLElement)];
    if (clicked !== undefined) control.activateTab(`dicom-in-panel-${clicked}`);
  });
  list.on('keydown', 'a', (event) => {
    const index = list.find('a').index(event.currentTarget as HTMLElement);
    const next = nextTab(event.key, index);
    if (next === undefined) return;
    event.preventDefault();
    control.activateTab(`dicom-in-panel-${next}`);
    list.find('a').eq(TABS.indexOf(next)).trigger('focus');
  });
  control.activateTab(`dicom-in-panel-${TABS[0]}`);
}

function nextTab(key: string, index: number): TabName | undefined {
  switch (key) {
    case 'ArrowRight':
      return TABS[(index + 1) % TABS.length];
    case 'ArrowLeft':
      return TABS[(index + TABS.length - 1) % TABS.length];
    case 'Home':
      return TABS[0];
    case 'End':
      return TABS[TABS.length - 1];
    case 'Enter':
    case ' ':
      return TABS[index];
    default:
      return undefined;
  }
}
