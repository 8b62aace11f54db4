import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DICOM_STUDY } from '../../src/settings';
import { addAttributeRoute, AdminRoutes } from '../runtime/routes';
import { StudyNode } from './runtime/study-node';
import { addStudyRoutes } from './runtime/study-routes';

/** The `dicom-study` node: one message when a study is complete. All the work is src/study's. */
export = function register(RED: NodeAPI): void {
  function DicomStudy(this: Node, config: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, config);
    new StudyNode(RED, this, config).run();
  }
  RED.nodes.registerType(DICOM_STUDY.type, DicomStudy);
  const routes = new AdminRoutes(RED, DICOM_STUDY.type, StudyNode);
  addStudyRoutes(routes);
  addAttributeRoute(routes);
};
